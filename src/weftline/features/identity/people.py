"""What is offered to people about their accounts, put together."""

from __future__ import annotations

from dataclasses import dataclass

from weftline.features.access.cache import AccessCache
from weftline.features.database import Database
from weftline.features.identity.accounts import Accounts
from weftline.features.identity.cookies import SessionCookies
from weftline.features.identity.devices import Devices
from weftline.features.identity.housekeeping import Housekeeper
from weftline.features.identity.invitations import Invitations
from weftline.features.identity.linking import Linking
from weftline.features.identity.mfa.codes import Clock, Codes
from weftline.features.identity.mfa.service import SecondFactors
from weftline.features.identity.password_changes import PasswordChanges
from weftline.features.identity.password_policy import PasswordPolicy
from weftline.features.identity.passwords import HashingCost, Passwords
from weftline.features.identity.profile import Profiles
from weftline.features.identity.proofs import Proofs
from weftline.features.identity.registration import Registrations
from weftline.features.identity.sessions import Sessions
from weftline.features.identity.sign_in import SignIn
from weftline.features.identity.throttle import Throttle
from weftline.features.identity.tokens import Tokens
from weftline.features.identity.vouching import Providers, Vouching
from weftline.features.mail.settings import MailSettings
from weftline.features.tenancy.limits import TenantLimits
from weftline.store.vault import Vault


@dataclass(frozen=True, slots=True)
class PeopleOptions:
    """What there is to know.

    Attributes:
        hashing: what hashing a password costs.
        mail: for links.
        key_days: age at which a signing key is replaced, days.
        clock: the time by which codes are checked, Unix seconds.
        is_https: people reach the platform by https.
    """

    hashing: HashingCost
    mail: MailSettings
    key_days: int
    clock: Clock
    is_https: bool


@dataclass(frozen=True, slots=True)
class People:
    """The services of accounts."""

    tokens: Tokens
    passwords: Passwords
    policy: PasswordPolicy
    accounts: Accounts
    sessions: Sessions
    sign_in: SignIn
    invitations: Invitations
    registrations: Registrations
    password_changes: PasswordChanges
    second_factors: SecondFactors
    profiles: Profiles
    housekeeper: Housekeeper
    cookies: SessionCookies

    def close(self) -> None:
        """Let their threads end."""
        self.passwords.close()
        self.policy.close()


def assemble(
    identity: Database,
    cache: AccessCache,
    vault: Vault,
    tokens: Tokens,
    providers: Providers,
    options: PeopleOptions,
) -> People:
    """Put the services together.

    Args:
        identity: under the role that signs people in.
        cache: what people may do. It and ``tokens`` read through connections of their own, for they are asked within
            transactions of these services.
        vault: seals secrets.
        tokens: issues and checks access tokens.
        providers: the ways to sign in that plugins add.
        options: what else there is to know.
    """
    passwords, policy = Passwords(options.hashing), PasswordPolicy(cache, identity)
    throttle, devices = Throttle(identity), Devices(vault)
    codes = Codes(identity, vault, throttle, options.clock)
    limits = TenantLimits(cache)
    vouching, linking = Vouching(identity, providers), Linking(identity, cache, limits)
    proofs = Proofs(identity, passwords, codes, throttle, vouching, linking)
    sessions = Sessions(identity, cache, tokens)
    invitations = Invitations(identity, passwords, policy, cache, options.mail)
    registrations = Registrations(identity, passwords, policy, invitations, cache, limits, options.mail)
    return People(
        tokens=tokens,
        passwords=passwords,
        policy=policy,
        accounts=Accounts(identity, passwords),
        sessions=sessions,
        sign_in=SignIn(identity, passwords, sessions, throttle, codes, devices, vouching, linking),
        invitations=invitations,
        registrations=registrations,
        password_changes=PasswordChanges(identity, passwords, policy, proofs, sessions, devices, options.mail),
        second_factors=SecondFactors(identity, vault, sessions, proofs, codes),
        profiles=Profiles(identity, sessions, proofs, registrations),
        housekeeper=Housekeeper(identity, tokens, key_days=options.key_days),
        cookies=SessionCookies(vault, is_https=options.is_https),
    )
