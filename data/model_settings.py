"""The settings of language models."""

from typing import Annotated

from pydantic import Field, SecretStr

from data.sections import Positive, Seconds, Section


class EndpointSettings(Section):
    """Where a language model is: an OpenAI-compatible endpoint, or a provider of LangChain's."""

    base_url: str | None = None
    name: str | None = None
    api_key: SecretStr | None = None
    # As `init_chat_model` knows it ("anthropic"); unset: OpenAI's protocol at `base_url`.
    provider: str | None = None

    @property
    def is_configured(self) -> bool:
        """Whether there is anything to ask."""
        return self.base_url is not None or self.provider is not None


class ModelSettings(EndpointSettings):
    """The language models. Without any: the extractive one, which quotes."""

    # Asked in this order when the first does not answer.
    fallbacks: tuple[EndpointSettings, ...] = ()
    # Rather quote than say that no model answers.
    fall_back_to_extractive: bool = True
    connect_seconds: Seconds = 5.0
    first_token_seconds: Seconds = 30.0
    between_tokens_seconds: Seconds = 30.0
    # So many failures in a row, and an endpoint is left alone for so long.
    breaker_failures: Positive = 5
    breaker_seconds: Seconds = 10.0
    # For a follow-up's meaning; a rule is used when it takes longer.
    rewriting_seconds: Seconds = 3.0
    max_output_tokens: Positive = 1024
    # What a request may hold of passages and of earlier turns: about four characters a token.
    prompt_characters: Positive = 24_000
    history_characters: Positive = 4_000
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    # To each endpoint. Admission lets in no more questions than that.
    connections: Positive = 1024

    @property
    def endpoints(self) -> "tuple[ModelSettings, ...]":
        """The settings of each endpoint, in the order in which they are asked."""
        first = (self,) if self.is_configured else ()
        return *first, *(self.model_copy(update=dict(one)) for one in self.fallbacks)
