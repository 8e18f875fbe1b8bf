Feature: Consider magnesium where first-line care was declined or is awaited
  An option, of low certainty, never a replacement: PHQ-9 5 to 15, no antidepressant, first-line care offered and declined
  or awaited, and every safety stop known not to apply.
  Evidence: tarleton-2017, rajizadeh-2017, moabedi-2023; against: phelan-2018, mehdi-2017, sarris-2022

  Scenario Outline: PHQ-9 from 5 to 15
    Given an adult with mild to moderate depression who declined first-line care
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "supplement-alone" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | phq9 | trial         |
      | 4    | not indicated |
      | 5    | offered       |
      | 6    | offered       |
      | 14   | offered       |
      | 15   | offered       |
      | 16   | not indicated |

  Scenario Outline: only after first-line care was offered
    Given an adult with mild to moderate depression who declined first-line care
    And the first-line care is "<care>"
    When the record is evaluated
    Then "supplement-alone" is <trial>

    Examples:
      | care        | trial         |
      | declined    | offered       |
      | awaited     | offered       |
      | not offered | not indicated |
      | active      | not indicated |

  Scenario Outline: where first-line care stands is current for 90 days
    Given an adult with mild to moderate depression who declined first-line care
    And the first-line care is "declined" from <days> days ago
    When the record is evaluated
    Then "supplement-alone" is <trial>

    Examples:
      | days | trial    |
      | 90   | offered  |
      | 91   | withheld |

  Scenario Outline: a PHQ-9 is current for 14 days
    Given an adult with mild to moderate depression who declined first-line care
    And the PHQ-9 is "12" from <days> days ago
    When the record is evaluated
    Then "supplement-alone" is <trial>

    Examples:
      | days | trial    |
      | 14   | offered  |
      | 15   | withheld |

  Scenario Outline: one thing unknown is named, and nothing is assumed
    Given an adult with mild to moderate depression who declined first-line care
    And the <item> is not known
    When the record is evaluated
    Then "supplement-alone" is withheld for want of "<item>"
    And no suggestion of kind "dose" is offered

    Examples:
      | item            |
      | eGFR            |
      | PHQ-9           |
      | PHQ-9 item 9    |
      | age             |
      | pregnancy       |
      | first-line care |
      | medicine list   |
      | problem list    |

  Scenario Outline: not for who takes an antidepressant or magnesium already
    Given an adult with mild to moderate depression who declined first-line care
    And the patient takes "<medicine>" since 100 days ago
    When the record is evaluated
    Then "supplement-alone" is not indicated

    Examples:
      | medicine          |
      | sertraline        |
      | magnesium citrate |
      | milk of magnesia  |

  Scenario: what is offered, and what its text says
    Given an adult with mild to moderate depression who declined first-line care
    When the record is evaluated
    Then nothing is offered but "supplement-alone, trial-dose, assess-dietary-intake"
    And the text of "supplement-alone" says "May be considered"
    And the text of "supplement-alone" says "taking nothing is equally an option"
    And the text of "supplement-alone" says "does not replace that care"
    And the text of "supplement-alone" says "not supported"
    And the text of "supplement-alone" never says "recommended"
