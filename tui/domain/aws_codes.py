"""AWS's error codes by what they mean: the one table that the collector's lines and the runner's steps go by.

Sources: EC2 developer guide, errors-overview; Auto Scaling API, errors; STS API, errors; the throttling codes that
botocore's own retries know (botocore.retries.standard).
"""

from __future__ import annotations

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Asked too often: nothing was done."""
SNAPSHOTS_BUSY = frozenset(
    {
        "ConcurrentSnapshotLimitExceeded",
        "PendingSnapshotLimitExceeded",
        "SnapshotCreationPerVolumeRateExceeded",
    }
)
"""Too many snapshots at this moment: of the volume, or of the account."""
NOT_YET = THROTTLED | SNAPSHOTS_BUSY | {"ResourceContention", "ScalingActivityInProgress", "Unavailable"}
"""Refused before anything was done, to be asked again: throttled, busy with something else, or overloaded."""
NO_CAPACITY = frozenset(
    {
        "InsufficientCapacityOnHost",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "ReservationCapacityExceeded",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
"""These credentials may not do it."""
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""The credentials were good once; or this machine's clock is wrong."""
BAD_SIGNATURE = frozenset({"IncompleteSignature", "InvalidSignatureException", "SignatureDoesNotMatch"})
"""A wrong secret key; or this machine's clock is wrong."""
BAD_KEYS = frozenset({"AuthFailure", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClientException"})
"""AWS does not know these credentials, or not in this region."""
DISABLED_OR_BAD = (BAD_KEYS - {"InvalidToken"}) | {"RegionDisabledException"}
"""AWS says the same of a bad key and of a region that is not enabled: who reads asks DescribeRegions which it is.

STS says RegionDisabledException where an account has switched it off for that region (STS API, AssumeRole, errors)."""
BY_CLOCK = EXPIRED | BAD_SIGNATURE | DISABLED_OR_BAD
"""What AWS says to a request whose time is wrong; EC2 says AuthFailure."""
NEEDS_LOGIN = (
    EXPIRED
    | BAD_KEYS
    | {
        "CredentialRetrievalError",
        "NeedsPersonError",
        "NoCredentialsError",
        "ProfileNotFound",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)
"""What a login mends: AWS's refusals, and the errors (botocore's, and one of ours) by which nothing left this machine."""
UNKNOWN_INSTANCE = "InvalidInstanceID.NotFound"
"""AWS forgets a terminated instance after an hour or so."""
PERMITTED = "DryRunOperation"
"""The *yes* to a dry run."""
