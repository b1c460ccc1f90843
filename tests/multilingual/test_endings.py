"""Forms and spellings of one word meet in every language, and words that only look alike stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multilingual.analysis import analyse, analyse_query, stem_of
from multilingual.endings import LEAST_STEM, loosely, without_ending, without_fleeting
from multilingual.languages import LANGUAGES
from multilingual.normalising import fold, normalise, simplified

# language -> "one = other; ...": asked either way, one finds the other.
SAME = {
    "bg": "маси = маса; столовете = стол; лампата = лампи; книги = книга; филтри = филтър; столът = столове",
    "uk": (
        "столи = стіл; стільців = стілець; подушок = подушка; ножі = ніж; лампою = лампа; крісла = крісло; чашок = "
        "чашка; ґудзик = гудзик; компютер = комп'ютер"
    ),
    "be": "сталы = стол; лямпы = лямпа",
    "sk": "stoly = stôl; lampy = lampa; lámp = lampa; kresiel = kreslo; kreslá = kreslo; postele = posteľ; nožov = nôž",
    "hr": (
        "stolice = stolica; stolovi = stol; svjetiljke = svjetiljka; lonci = lonac; knjige = knjiga; noževi = nož; "
        "đumbir = djumbir"
    ),
    "sr": "столице = столица; лонци = лонац",
    "sl": "stoli = stol; mize = miza; svetilke = svetilka",
    "he": "כיסאות = כיסא; שולחנות = שולחן; ספרים = ספר; מנורות = מנורה; כסא = כיסא; ארון = ארונות; כיסאות = כסא",
    "ru": "окон = окно; ложек = ложка; подушек = подушка; ковры = ковер; кухонь = кухня; столы = стол; огурцы = огурец",
    "pl": "krzeseł = krzesło; łyżek = łyżka; stoły = stół; łóżko = lozko",
    "cs": "křesel = křeslo; lžiček = lžička",
    "fi": "kaapin = kaappi; pöydät = pöytä; tuolit = tuoli; maton = matto; sängyn = sänky; lamput = lamppu",
    "lv": "krēsli = krēsls; galdi = galds; lampas = lampa",
    "lt": "stalai = stalas; kėdės = kėdė",
    "et": "lambid = lamp; toolid = tool",
    "hu": "asztalok = asztal; cipők = cipő; lámpák = lámpa; könyvek = könyv",
    "pt": "botões = botão; pães = pão; anzóis = anzol; azuis = azul; barris = barril; colchões = colchão",
    "es": "peces = pez; camiones = camión; sofás = sofá",
    "it": "banchi = banco; tasche = tasca; arance = arancia; orologi = orologio; libri = libro",
    "fr": "bijoux = bijou; chapeaux = chapeau; 7½ = 7,5",
    "ca": "coixins = coixí; plats = plat; col·lecció = colleccio; col·lecció = col.leccio",
    "ro": "scaune = scaun; lămpi = lampă; țesătură = ţesătură",
    "nl": "huizen = huis; kinderen = kind; brieven = brief; stoelen = stoel; glazen = glas",
    "sv": "böcker = bok; händer = hand; stolar = stol; lampor = lampa; kök = koek",
    "da": "bøger = bog; stole = stol; køkken = koekken; køkken = kokken",
    "nb": "bøker = bok; hender = hånd; blå = blaa",
    "de": "Bücher = Buch; Körbe = Korb; Räder = Rad; Messer = Messern; Nr. 8 = Nr 8; №8 = nr 8",
    "el": "καρέκλες = καρέκλα; τραπέζια = τραπέζι",
    "tr": (
        "masalar = masa; kitabı = kitap; dolabı = dolap; sandalyesi = sandalye; yatak örtüsü = örtü; çalışma masaları "
        "= masa; çocuk odası = oda; kahve fincanı = fincan; duvar saati = saat"
    ),
    "en": (
        "organiser = organizer; moisturiser = moisturizer; savoury = savory; calibre = caliber; travelling = "
        "traveling; modelling = modeling; licence = license; analogue = analog; wolves = wolf; leaves = leaf; gloves "
        "= glove; anaesthetic = anesthetic; paediatric = pediatric; feet = foot; tshirts = t-shirt; people = person; "
        "e-mail = email; storeys = story; cheques = check; doughnut = donut; grey = gray; pyjamas = pajamas; #8 screw "
        "= no 8 screw; № 8 nail = no. 8 nail; 8½ = 8.5; UK 8 1/2 = 8.5; 42,5 = 42.5"
    ),
    "ja": (
        "フィルム = フイルム; キヤノン = キャノン; ソファ = ソファー; プリンタ = プリンター; 引出し = 引き出し; 組立 = 組み立て; 折り畳み = 折畳み; ヴィンテージ = ビンテージ; ウィスキー "
        "= ウイスキー; テーブル = てーぶる; 時々 = 時時"
    ),
    "ko": "컴퓨터 책상 = 컴퓨터책상; 컴퓨터책상 = 컴퓨터 책상; 의자 = ㅇㅡㅣㅈㅏ; 책상 = ㅊㅐㄱㅅㅏㅇ",
    "zh": "紅色 = 红色; 沙發 = 沙发; 電腦桌 = 电脑桌; 書櫃 = 书柜; 紅色連衣裙 = 红色连衣裙",
    "th": "แก้ว = เเก้ว; เก้าอี้ = เกาอี้; โต๊ะทำงาน = โตะทำงาน",
    "hi": "बिल्ली = बिल्लि; ज़मीन = जमीन; हिन्दी = हिंदी; कम्बल = कंबल; गन्दा = गंदा; पङ्खा = पंखा",
    "bn": "রঙ = রং; বাড়ী = বাড়ি; চেয়ারগুলি = চেয়ার",
    "te": "రంగు = రఙ్గు",
    "gu": "રંગ = રઙ્ગ",
    "pa": "ਰੰਗ = ਰਂਗ",
    "ta": "நாற்காலிகள் = நாற்காலி",
    "ne": "कुर्सी = कुर्सि",
    "ur": "کرسیاں = کرسی; کرسی = كرسي; ہاتھ = هاته",
    "fa": "کتاب\u200cها = کتاب; صندلی\u200cها = صندلی",
    "ar": "الكرسي = كرسي; مستشفى = مستشفي; سماعات = سماعة",
    "vi": "ghế = ghe",
    "az": "ağ = ag",
    "kk": "үстелдер = үстел",
    "ka": "სკამები = სკამი",
    "hy": "աթոռներ = աթոռ",
}
PAIRS = [(language, *pair.split(" = ")) for language, pairs in SAME.items() for pair in pairs.split("; ")]

ONE_WAY = {"ca", "th"}  # Shops write these marks.


def meets(written: str, asked: str, language: str) -> bool:
    terms = set(analyse(written, language))
    return all(any(set(alternative) <= terms for alternative in slot) for slot in analyse_query(asked, language))


@pytest.mark.parametrize(("language", "one", "other"), PAIRS)
def test_forms_of_a_word_meet(language: str, one: str, other: str) -> None:
    assert meets(one, other, language)
    if language not in ONE_WAY and " " not in one + other:
        assert meets(other, one, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "gloves", "globe"),
        ("en", "rolling", "role"),
        ("en", "flour", "floor"),
        ("en", "8.5", "85"),
        ("en", "8.5", "8.4"),
        ("en", "no 8", "no 9"),
        ("de", "Haus", "Hau"),
        ("es", "luces", "lucha"),
        ("ru", "стол", "стул"),
        ("ru", "ложка", "лошадь"),
        ("uk", "ліжко", "ложка"),
        ("uk", "стіл", "стілець"),
        ("bg", "стол", "стълба"),
        ("sk", "stôl", "stolička"),
        ("hr", "stol", "stolica"),
        ("tr", "çanta", "çan"),
        ("tr", "perde", "pers"),
        ("fi", "tuoli", "tuuli"),
        ("he", "שולחן", "שולה"),
        ("ja", "木の椅子", "木椅子"),
        ("th", "ขาว", "ข้าว"),
        ("ko", "책상", "책장"),
        ("hi", "रंग", "राग"),
    ],
)
def test_other_words_stay_apart(language: str, one: str, other: str) -> None:
    assert not meets(one, other, language)
    assert not meets(other, one, language)


def test_letters_of_hangul_become_syllables() -> None:
    assert normalise("ㅋㅓㅁㅍㅠㅌㅓ ㅊㅐㄱㅅㅏㅇ") == "컴퓨터 책상"
    assert normalise("ㅋㅋㅋ") == normalise("ㅋㅋㅋ")


def test_simplified_characters_stay_and_japanese_keeps_its_own() -> None:
    assert simplified("紅色沙發 Sofa 1") == "红色沙发 Sofa 1"
    assert simplified(simplified("後髮發薴")) == simplified("後髮發薴")
    assert analyse("電気", "ja")[0] == "電気"


def test_kana_of_one_sound_are_one() -> None:
    assert fold("ヴィンテージ") == fold("ビンテージ") == "びんてーじ"
    assert fold("プリンター") == fold("プリンタ") == "ぷりんた"
    assert fold("ー") == "ー"


@given(st.text(max_size=40), st.sampled_from(sorted(LANGUAGES)))
def test_every_word_keeps_a_stem(text: str, language: str) -> None:
    for word in normalise(text).split():
        assert stem_of(word, language)
        assert without_ending(word, language)
        folded = fold(word)
        assert not folded or without_fleeting(folded, language)
        assert not folded or loosely(folded, language)


@given(st.sampled_from(sorted(LANGUAGES)), st.text("abdeiklmnorst", min_size=1, max_size=12))
def test_a_word_keeps_three_letters(language: str, word: str) -> None:
    assert len(without_ending(word, language)) >= min(LEAST_STEM, len(word))
