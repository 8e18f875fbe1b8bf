Feature: Consider magnesium alongside antidepressant therapy
  An option, of very low certainty, beside a treatment that stays unchanged: PHQ-9 5 to 19, an antidepressant not started
  or stopped within 60 days or psychotherapy for 60 days, and every safety stop known not to apply.
  Evidence: tarleton-2017, moabedi-2023, sultana-2023; against: phelan-2018, ryszewska-pokrasniewicz-2018, mehdi-2017, sarris-2022

  Scenario Outline: PHQ-9 from 5 to 19
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | phq9 | trial         |
      | 4    | not indicated |
      | 5    | offered       |
      | 6    | offered       |
      | 18   | offered       |
      | 19   | offered       |
      | 20   | not indicated |

  Scenario Outline: an antidepressant unchanged for 60 days
    Given a healthy adult
    And the PHQ-9 is "12"
    And the patient takes "fluoxetine" since <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial         |
      | 59   | not indicated |
      | 60   | offered       |
      | 61   | offered       |

  Scenario Outline: a second antidepressant started or stopped is a change
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient <change>
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | change                              | trial         |
      | takes "mirtazapine" since 20 days ago | not indicated |
      | takes "mirtazapine" since 90 days ago | offered       |
      | stopped "mirtazapine" 59 days ago   | not indicated |
      | stopped "mirtazapine" 60 days ago   | offered       |

  Scenario: an antidepressant whose start is not known is asked about
    Given a healthy adult
    And the PHQ-9 is "12"
    And the patient takes "fluoxetine"
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "medicine list"

  Scenario: a normal or an unmeasured magnesium makes no difference to the option
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.85 mmol/L"
    When the record is evaluated
    Then "supplement-alongside-therapy" is offered

  Scenario Outline: psychotherapy for 60 days is a stable treatment too
    Given a healthy adult
    And the PHQ-9 is "12"
    And the patient receives "cognitive behavioural therapy" since <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial         |
      | 59   | not indicated |
      | 60   | offered       |
      | 61   | offered       |

  Scenario Outline: a list of treatments is current for 90 days; psychotherapy on an older one is still known to be received
    Given a healthy adult
    And the PHQ-9 is "12"
    And the list of treatments was reviewed <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial         |
      | 90   | not indicated |
      | 91   | withheld      |

  Scenario: not while an antidepressant beside the psychotherapy is new
    Given a healthy adult
    And the PHQ-9 is "12"
    And the patient receives "psychotherapy" since 200 days ago
    And the patient takes "sertraline" since 20 days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is not indicated

  Scenario: not for who takes magnesium already
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "magnesium glycinate" with "100 mg elemental" a day since 10 days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is not indicated
    And "trial-dose" is not indicated

  Scenario Outline: one thing unknown is named, and nothing is assumed
    Given an adult with mild to moderate depression on a stable antidepressant
    And the <item> is not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "<item>"
    And no suggestion of kind "dose" is offered

    Examples:
      | item          |
      | eGFR          |
      | PHQ-9         |
      | PHQ-9 item 9  |
      | age           |
      | pregnancy     |
      | medicine list |
      | problem list  |

  Scenario: what is offered, and what its text says
    Given an adult with mild to moderate depression on a stable antidepressant
    When the record is evaluated
    Then nothing is offered but "supplement-alongside-therapy, trial-dose, assess-dietary-intake"
    And the text of "supplement-alongside-therapy" says "stays unchanged"
    And the text of "supplement-alongside-therapy" says "going on without magnesium is equally an option"
    And the text of "supplement-alongside-therapy" says "unresolved"
    And the text of "supplement-alongside-therapy" says "an item 9 of 0 does not exclude suicide risk"
    And the text of "supplement-alongside-therapy" never says "recommended"
    And the text of "supplement-alongside-therapy" never says "taper"

  Scenario Outline: a list of treatments is current for 90 days
    Given a healthy adult
    And the PHQ-9 is "10"
    And the list of treatments was reviewed <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial         |
      | 90   | not indicated |
      | 91   | withheld      |
