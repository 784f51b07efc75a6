"""claimgw: an open clearinghouse for FHIR R4 health claims in the style of nphies."""

__version__ = "0.1.0"
