"""How near a question is to each article: the nearest of its phrases, less half of the nearest of what else shoppers ask.

A short question has some cosine with everything. What it shares with other questions speaks for no article, as the scores of
a cohort are taken off in speaker verification (Auckenthaler, Carey and Lloyd-Thomas 2000). Half of it, so that an article about
just such a question is found all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from visual_search.types import Matrix, Vector

SHARE_OF_OTHERS = 0.5

# Sizes, colours, prices, orders, returns, accounts, and what is no matter of a shop. English is enough, because the words of all
# languages lie in one space.
OTHER_QUESTIONS = (
    "What size is it",
    "How high, wide and deep is it",
    "How heavy is it",
    "How much weight can it carry",
    "How many people does it hold",
    "How much fits inside",
    "Is there a larger or a smaller one",
    "Which colours are there",
    "Is it available in another colour",
    "What is it made of",
    "Is it real leather or wood",
    "What does it cost",
    "Is there a discount or a voucher",
    "Is it cheaper elsewhere",
    "Is it in stock",
    "When is it available again",
    "Where can I see it in a shop",
    "What are the opening hours",
    "Where is my order",
    "When does my parcel arrive",
    "How much is delivery",
    "Can I change the address of my order",
    "Cancel my order",
    "I want to return it",
    "Where is my refund",
    "Exchange it for another one",
    "How can I pay",
    "My card was charged twice",
    "I need an invoice",
    "I can't sign in to my account",
    "Change my password",
    "Delete my account",
    "Unsubscribe from the newsletter",
    "I want to talk to somebody",
    "I want to complain",
    "Is there a job for me",
    "What do other customers say about it",
    "Which one do you recommend",
    "Is it suitable for children",
    "Does it go with my furniture",
    "How much power does it use",
    "Where was it made",
    "What is included",
    "Do you assemble it for me",
    "Who won the game",
    "What is the weather like",
    "What time is it",
    "What is the capital of a country",
    "A recipe for dinner",
    "Tell me a joke",
    "Hello, how are you",
    "Who are you",
    "Thank you, goodbye",
)


def of_articles(asked: Vector, phrases: Mapping[int, Matrix], others: Matrix) -> dict[int, float]:
    """By key of an article, -1.5 to 1.5. `phrases`: of each article, a row for each; `others`: of `OTHER_QUESTIONS`."""
    shared = SHARE_OF_OTHERS * float((others @ asked).max(initial=0.0))
    return {key: float((own @ asked).max()) - shared for key, own in phrases.items() if len(own)}
