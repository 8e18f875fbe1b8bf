Feature: Ongoing diarrhoea or dehydration
  Magnesium loosens stools and a label excludes dehydration: a trial waits, and magnesium that is being taken could be paused and
  begun again lower. Symptoms nobody recorded let pass; symptoms are current for 14 days.
  Evidence: nice-esuom4, oddb-53890-label; against: none

  Scenario Outline: what is reported now
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient reports "<symptom>"
    When the record is evaluated
    Then "diarrhoea-or-dehydration" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | symptom              | stop          | trial      |
      | diarrhoea            | offered       | suppressed |
      | watery stools        | offered       | suppressed |
      | dehydration          | offered       | suppressed |
      | denies diarrhoea     | not indicated | offered    |
      | diarrhoea, denies blood | offered    | suppressed |
      | constipation         | not indicated | offered    |

  Scenario Outline: what stands on the problem list
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "diarrhoea-or-dehydration" is <stop>
    And "supplement-alone" is <trial>

    Examples:
      | diagnosis               | stop          | trial      |
      | chronic diarrhoea       | offered       | suppressed |
      | severe dehydration      | offered       | suppressed |
      | dehydration resolved    | not indicated | offered    |
      | history of diarrhoea    | not indicated | offered    |

  Scenario: symptoms nobody asked about do not hold back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the symptoms are not known
    When the record is evaluated
    Then "diarrhoea-or-dehydration" is withheld for want of "symptoms"
    And "supplement-alongside-therapy" is offered

  Scenario Outline: that there are none is current for 14 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the symptoms were reviewed <days> days ago
    When the record is evaluated
    Then "diarrhoea-or-dehydration" is <stop>

    Examples:
      | days | stop          |
      | 14   | not indicated |
      | 15   | withheld      |

  Scenario: who takes magnesium could pause it and begin again lower
    Given a healthy adult
    And the patient takes "magnesium citrate" with "248 mg elemental" a day since 10 days ago
    And the patient reports "loose stools"
    When the record is evaluated
    Then "diarrhoea-or-dehydration" is offered
    And the text of "diarrhoea-or-dehydration" says "paused and begun again at a lower dose"
    And the text of "diarrhoea-or-dehydration" says "or left out"
    And the text of "diarrhoea-or-dehydration" never says "should"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient reports "diarrhoea"
    When the record is evaluated
    Then "diarrhoea-or-dehydration" is not indicated
