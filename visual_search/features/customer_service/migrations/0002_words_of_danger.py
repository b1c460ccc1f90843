"""The words of danger that a shop begins with, in the languages of its pages. The owner changes them in the admin."""

from django.db import migrations

_GAS, _FIRE, _MAINS, _INJURY = "gas", "fire", "mains", "injury"

# By kind and language: lines of words, what isn't meant, and what the shopper reads at once.
_WORDS = {
    _GAS: {
        "en": (
            "smell* gas\ngas leak*\nleak* gas\nhiss* gas\ncarbon monoxide",
            "gas lift\ngas spring\ngas strut",
            "If you smell gas: open the windows, touch no switch, light nothing, leave the room, and call the gas emergency "
            "service or the emergency number from outside.",
        ),
        "de": (
            "riech* gas\nriech* nach gas\ngasgeruch\ngas ausström*\ngas austr*\ngasleck*\ngas undicht\nstink* gas\nkohlenmonoxid",
            "gasfeder\ngaslift\ngasdruckfeder",
            "Wenn es nach Gas riecht: Fenster öffnen, keinen Schalter berühren, kein Feuer, den Raum verlassen und von draußen "
            "den Gas-Notdienst oder den Notruf anrufen.",
        ),
        "fr": (
            "odeur* gaz\nsent* gaz\nfuite* gaz\nmonoxyde carbone",
            "vérin à gaz\nressort à gaz",
            "En cas d'odeur de gaz : ouvrez les fenêtres, ne touchez à aucun interrupteur, n'allumez rien, sortez et appelez de "
            "l'extérieur l'urgence gaz ou les secours.",
        ),
        "es": (
            "huel* gas\nolor gas\nfuga* gas\nescape gas\nmonóxido carbono",
            "pistón de gas\nmuelle de gas\nresorte de gas",
            "Si huele a gas: abra las ventanas, no toque interruptores, no encienda nada, salga y llame desde fuera a la "
            "emergencia de gas o al número de emergencias.",
        ),
        "pt-br": (
            "cheir* gás\nvaza* gás\nfuga gás\nmonóxido carbono",
            "pistão a gás\nmola a gás",
            "Se sentir cheiro de gás: abra as janelas, não toque em interruptores, não acenda nada, saia e ligue de fora para a "
            "emergência do gás ou para o número de emergência.",
        ),
        "ar": (
            "رائحة غاز\nرائحة الغاز\nتسرب غاز\nتسرب الغاز\nتسريب غاز\nتسريب الغاز",
            "",
            "إذا شممت رائحة غاز: افتح النوافذ، ولا تلمس أي مفتاح كهربائي، ولا تشعل شيئًا، واخرج واتصل من الخارج بطوارئ الغاز أو برقم الطوارئ.",
        ),
        "ja": (
            "ガス臭\nガス 匂\nガス 臭\nガス におい\nガス漏れ\nガス もれ\n一酸化炭素",
            "ガススプリング\nガスシリンダー",
            "ガスのにおいがするときは、窓を開け、スイッチに触れず、火を使わず、部屋を出て、外からガス会社の緊急窓口か緊急通報番号に電話してください。",
        ),
        "zh-hans": (
            "煤气味\n燃气味\n煤气 泄漏\n燃气 泄漏\n漏气 煤气\n煤气 漏\n燃气 漏\n闻 煤气\n一氧化碳",
            "气压棒\n气弹簧",
            "如果闻到煤气味：请打开窗户，不要触碰任何开关，不要点火，离开房间，并在室外拨打燃气抢修电话或紧急电话。",
        ),
    },
    _FIRE: {
        "en": (
            "fire\nflame*\nsmoke\nsmoking\nsmell* burn*\nburn* smell\nburning\nspark*\nmelt*\nexplod*\nscorch*\nsinged",
            "fire place\nfireplace\nfire pit\nsmoke detector\nsmoke alarm\nsparkling\ncandle flame",
            "Switch it off at the fuse or pull the plug if that is safe, and don't use it again. If it burns or smokes, leave the "
            "room and call the emergency number.",
        ),
        "de": (
            "brennt\nfeuer\nflamme*\nrauch\nraucht\nqualm*\nverbrannt*\nverschmort*\nschmort\nangekokelt\nfunken\nfunkt\n"
            "geschmolzen\nschmilzt\nexplo*",
            "feuerschale\nrauchmelder\nbrennt nicht\nfeuerstelle",
            "Schalten Sie es an der Sicherung aus oder ziehen Sie den Stecker, wenn das gefahrlos geht, und benutzen Sie es nicht "
            "mehr. Wenn es brennt oder raucht, verlassen Sie den Raum und rufen Sie den Notruf.",
        ),
        "fr": (
            "feu\nflamme*\nfumée\nfume\nbrûlé*\nbrûle\nétincelle*\nfondu*\nexplos*",
            "détecteur de fumée\nfeu de signalisation",
            "Coupez le fusible ou débranchez l'appareil si c'est sans danger, et ne l'utilisez plus. S'il brûle ou fume, sortez et "
            "appelez les secours.",
        ),
        "es": (
            "fuego\nllama* humo\nhumo\nhumea\nquemado\nquemada\nquemando\nquema\nchispa*\nderretid*\nexplo*",
            "detector de humo",
            "Apáguelo en el fusible o desenchúfelo si no hay peligro, y no lo use más. Si arde o echa humo, salga y llame al número "
            "de emergencias.",
        ),
        "pt-br": (
            "fogo\nchama* fumaça\nfumaça\nfumegando\nqueimado\nqueimada\nqueimando\nfaísca*\nfaisca*\nderret*\nexplo*",
            "detector de fumaça",
            "Desligue no disjuntor ou tire da tomada se for seguro, e não use mais. Se pegar fogo ou soltar fumaça, saia e ligue "
            "para o número de emergência.",
        ),
        "ar": (
            "حريق\nنار\nدخان\nاحترق*\nيحترق\nاحتراق\nشرار*\nذاب\nانفج*",
            "كاشف الدخان",
            "افصله من القاطع أو انزع القابس إن كان ذلك آمنًا، ولا تستعمله بعد ذلك. إذا احترق أو خرج منه دخان فغادر الغرفة واتصل برقم الطوارئ.",
        ),
        "ja": (
            "火事\n火花\n炎\n発火\n燃え\n焦げ\n煙\n溶け\n爆発",
            "煙探知\n煙感知",
            "安全にできるならブレーカーを落とすかプラグを抜き、もう使わないでください。燃えたり煙が出たりしているときは、部屋を出て緊急通報番号に電話してください。",
        ),
        "zh-hans": (
            "着火\n起火\n火花\n冒烟\n烧焦\n焦味\n糊味\n烧了\n燃烧\n熔化\n爆炸",
            "烟雾报警器\n冒烟报警",
            "如能安全操作，请关闭空气开关或拔掉插头，并停止使用。如果着火或冒烟，请离开房间并拨打紧急电话。",
        ),
    },
    _MAINS: {
        "en": (
            "electric* shock\nshock* touch*\ngot shock*\nget* shock*\nbare wire*\nexposed wire*\nlive wire\nbare cable\n"
            "cable damaged\ndamaged cable\nwater socket\ntingl* touch*",
            "shock absorber",
            "Don't touch it. Switch off the fuse, keep others away, and let an electrician look at it.",
        ),
        "de": (
            "stromschlag\nstromschläge\neine gewischt\nelektrisch* schlag\nunter strom\nkribbel* berühr*\nkribbel* anfass*\n"
            "blank* draht\nblank* drähte\nblank* kabel\nkabel beschädigt\noffen* kabel\nkabel offen",
            "",
            "Nicht berühren. Schalten Sie die Sicherung aus, halten Sie andere fern und lassen Sie eine Elektrofachkraft kommen.",
        ),
        "fr": (
            "décharge électrique\nélectrocut*\nchoc électrique\nprend* le jus\npris le jus\nfil* dénudé*\ncâble abîmé\npicote* touche*",
            "",
            "N'y touchez pas. Coupez le fusible, éloignez les autres et faites venir un électricien.",
        ),
        "es": (
            "descarga eléctrica\ncalambr*\nelectrocut*\ncable* pelado*\ncable* al aire\ncable dañado\nda corriente",
            "",
            "No lo toque. Corte el fusible, aleje a los demás y llame a un electricista.",
        ),
        "pt-br": (
            "choque elétrico\ndá choque\ndando choque\nlevei choque\nlevei um choque\nfio* desencapado*\ncabo danificado",
            "",
            "Não toque. Desligue o disjuntor, afaste as outras pessoas e chame um eletricista.",
        ),
        "ar": (
            "صدمة كهربائية\nصعق*\nتكهرب*\nكهربني\nيكهرب\nسلك مكشوف\nأسلاك مكشوفة\nاسلاك عارية",
            "",
            "لا تلمسه. افصل القاطع، وأبعد الآخرين، واستدع كهربائيًا.",
        ),
        "ja": (
            "感電\nビリビリ\nビリッと\n漏電\n電線 むき出し\nコード むき出し\n配線 むき出し",
            "",
            "触らないでください。ブレーカーを落とし、ほかの人を近づけず、電気工事店に見てもらってください。",
        ),
        "zh-hans": (
            "触电\n漏电\n电到\n被电\n电线 裸露\n裸露 电线\n麻手",
            "",
            "请不要触碰。关闭空气开关，让其他人远离，并请电工检查。",
        ),
    },
    _INJURY: {
        "en": (
            "injur*\nhurt\nbleed*\nblood\ncut finger*\ncut hand*\ncut myself\ncut arm\nbroke* arm\nbroke* leg bone\nhospital\n"
            "swallow*\nchok*\nburnt hand*\nburned hand*\nfell on me\ntrapped finger*\nunconscious",
            "",
            "Look after the injured person first, and call the emergency number if it is serious. Don't use the product until we "
            "have spoken.",
        ),
        "de": (
            "verletz*\nblut*\ngeschnitten\nkrankenhaus\nverschluckt\nerstick*\neingeklemmt\nverbrüht\nhand verbrannt\nbewusstlos\n"
            "gestürzt\nunfall",
            "unverletzt",
            "Versorgen Sie zuerst die verletzte Person und rufen Sie den Notruf, wenn es ernst ist. Benutzen Sie das Produkt nicht, "
            "bis wir gesprochen haben.",
        ),
        "fr": (
            "bless*\nsaign*\nsang\ncoupé* doigt*\ncoupé* main\nhôpital\navalé*\nétouff*\ncoincé* doigt*\nébouillant*\ninconscient*",
            "",
            "Occupez-vous d'abord de la personne blessée et appelez les secours si c'est grave. N'utilisez plus le produit avant "
            "que nous ayons parlé.",
        ),
        "es": (
            "herid*\nlesion*\nsangr*\ncorté dedo\ncortado dedo\nhospital\ntragad*\ntragó\nasfixi*\npillado dedo*\ninconsciente",
            "",
            "Atienda primero a la persona herida y llame al número de emergencias si es grave. No use el producto hasta que hayamos "
            "hablado.",
        ),
        "pt-br": (
            "ferid*\nmachuc*\nsangr*\ncortei dedo\ncortou dedo\nhospital\nengoliu\nengasg*\nprendeu dedo\ninconsciente",
            "",
            "Cuide primeiro da pessoa ferida e ligue para o número de emergência se for grave. Não use o produto até falarmos.",
        ),
        "ar": (
            "اصابة\nاصيب*\nجرح*\nدم\nنزف\nنزيف\nمستشفى\nابتلع*\nاختناق\nاختنق*\nفقد الوعي",
            "",
            "اعتن بالمصاب أولًا، واتصل برقم الطوارئ إن كان الأمر خطيرًا. لا تستعمل المنتج حتى نتحدث معك.",
        ),
        "ja": (
            "怪我\nけがを\nけがし\nケガ\n出血\n血が\n切って 指\n指 切\n病院\n飲み込\n窒息\nやけど\n火傷\n挟まれ\n意識",
            "",
            "まずけがをした人の手当てをし、重いときは緊急通報番号に電話してください。こちらとお話しするまで製品を使わないでください。",
        ),
        "zh-hans": (
            "受伤\n流血\n出血\n割伤\n划伤 手\n医院\n吞下\n误吞\n窒息\n烫伤\n夹伤\n夹到 手\n昏迷",
            "",
            "请先照顾受伤的人，情况严重时拨打紧急电话。在我们联系之前请不要再使用该产品。",
        ),
    },
}


def _add(apps, schema_editor):
    words = apps.get_model("visual_search_customer_service", "DangerWords")
    words.objects.using(schema_editor.connection.alias).bulk_create(
        words(kind=kind, language=language, words=lines, unless=unless, advice=advice)
        for kind, languages in _WORDS.items()
        for language, (lines, unless, advice) in languages.items()
    )


class Migration(migrations.Migration):
    dependencies = [("visual_search_customer_service", "0001_initial")]
    operations = [migrations.RunPython(_add, migrations.RunPython.noop)]
