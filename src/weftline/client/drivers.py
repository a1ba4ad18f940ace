"""What carries plans out: one driver with blocking calls, one with awaited ones. Nothing else differs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

import httpx

from weftline.client.plan import Alone, Chunks, Close, Effect, Exhausted, Plan, Pull, Read, Send, Sleep, Source

T = TypeVar("T")


class SyncDriver:
    """Carries plans out in the calling thread; several threads may share one.

    Args:
        http: sends the requests.
    """

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self._alone = threading.Lock()

    def run(self, plan: Plan[T]) -> T:
        """Carry a plan out; returns its result, or raises what it raises."""
        try:
            effect = next(plan)
            while True:
                try:
                    outcome = self._perform(effect)
                except Exception as error:
                    effect = plan.throw(error)
                else:
                    effect = plan.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            plan.close()

    def iterate(self, source: Source[T]) -> Items[T]:
        """The items of a source."""
        return Items(self, source)

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send():
                request = self.http.build_request(
                    effect.request.method,
                    effect.url,
                    content=effect.request.content,
                    headers={**effect.request.headers, **effect.headers},
                    timeout=effect.timeout,
                )
                return self.http.send(request, stream=effect.is_stream)
            case Read(response):
                return response.read()
            case Close(response):
                return response.close()
            case Chunks(response):
                return response.iter_bytes()
            case Pull(source):
                try:
                    return next(cast("Iterator[Any]", source))
                except StopIteration:
                    raise Exhausted from None
            case Sleep(seconds):
                return time.sleep(seconds)
            case Alone(plan):
                with self._alone:
                    return self.run(plan)


class AsyncDriver:
    """Carries plans out on an event loop.

    Args:
        http: sends the requests.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self._alone = asyncio.Lock()

    async def run(self, plan: Plan[T]) -> T:
        """Carry a plan out; returns its result, or raises what it raises."""
        try:
            effect = next(plan)
            while True:
                try:
                    outcome = await self._perform(effect)
                except Exception as error:
                    effect = plan.throw(error)
                else:
                    effect = plan.send(outcome)
        except StopIteration as end:
            return cast("T", end.value)
        finally:
            plan.close()

    def iterate(self, source: Source[T]) -> AsyncItems[T]:
        """The items of a source."""
        return AsyncItems(self, source)

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Send():
                request = self.http.build_request(
                    effect.request.method,
                    effect.url,
                    content=effect.request.content,
                    headers={**effect.request.headers, **effect.headers},
                    timeout=effect.timeout,
                )
                return await self.http.send(request, stream=effect.is_stream)
            case Read(response):
                return await response.aread()
            case Close(response):
                return await response.aclose()
            case Chunks(response):
                return response.aiter_bytes()
            case Pull(source):
                try:
                    return next(source) if isinstance(source, Iterator) else await anext(source)
                except (StopIteration, StopAsyncIteration):
                    raise Exhausted from None
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Alone(plan):
                async with self._alone:
                    return await self.run(plan)


class Items(Generic[T]):
    """Items, one after the other, fetched as they are asked for::

        for execution in client.executions.list(status="failed"):
            ...

    Args:
        driver: fetches them.
        source: what they come from.
    """

    def __init__(self, driver: SyncDriver, source: Source[T]) -> None:
        self._driver = driver
        self._source = source

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        try:
            return self._driver.run(self._source.advance())
        except Exhausted:
            raise StopIteration from None

    def __enter__(self) -> Self:
        self._driver.run(self._source.open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection that is held, if any."""
        self._driver.run(self._source.close())


class AsyncItems(Generic[T]):
    """Like :class:`Items`, for ``async for``."""

    def __init__(self, driver: AsyncDriver, source: Source[T]) -> None:
        self._driver = driver
        self._source = source

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await self._driver.run(self._source.advance())
        except Exhausted:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        await self._driver.run(self._source.open())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connection that is held, if any."""
        await self._driver.run(self._source.close())
