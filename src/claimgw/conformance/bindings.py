"""Which codes does FHIR R4 bind that the metadata of fhir.resources lacks or cuts short?"""

# Metadata ends some lists with '+'; the full lists are those of R4 (http://hl7.org/fhir/R4/valueset-*).
_ENCOUNTER = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
_TASK = (
    "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed"
    " entered-in-error"
)
_OBSERVATION = "registered preliminary final amended corrected cancelled entered-in-error unknown"
# ISO 4217, bound to Money.currency.
_CURRENCIES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
GEL GGP GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY KES KGS
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV
MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
SGD SHP SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TVD TWD TZS UAH UGX USD USN UYI UYU
UZS VEF VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWL
"""

BINDINGS = {
    "Task.status": frozenset(_TASK.split()),
    "Encounter.status": frozenset(_ENCOUNTER.split()),
    "EncounterStatusHistory.status": frozenset(_ENCOUNTER.split()),
    "Observation.status": frozenset(_OBSERVATION.split()),
    "Money.currency": frozenset(_CURRENCIES.split()),
}
