Feature: Pregnancy or lactation
  The depression trials excluded pregnancy. It is asked of everyone aged 12 to 55 who is not recorded as male, and the
  answer is current for 30 days.
  Evidence: tarleton-2017-exclusions, boyle-2017, iom-1997-intakes, iom-1997-ul, efsa-2015-ul

  Scenario Outline: pregnancy and lactation hold back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the pregnancy is "<pregnancy>"
    When the record is evaluated
    Then "pregnancy" is <stop>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | pregnancy    | stop          | trial      |
      | pregnant     | offered       | suppressed |
      | lactating    | offered       | suppressed |
      | not pregnant | not indicated | offered    |

  Scenario Outline: not knowing withholds only where pregnancy is possible
    Given an adult with mild to moderate depression on a stable antidepressant
    And the sex is "<sex>"
    And the age is "<age>"
    And the pregnancy is not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | sex    | age | trial    |
      | female | 18  | withheld |
      | female | 55  | withheld |
      | female | 56  | offered  |
      | other  | 40  | withheld |
      | male   | 40  | offered  |

  Scenario Outline: the answer is current for 30 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the pregnancy is "not pregnant" from <days> days ago
    When the record is evaluated
    Then "supplement-alongside-therapy" is <trial>

    Examples:
      | days | trial    |
      | 30   | offered  |
      | 31   | withheld |

  Scenario: the missing answer is named
    Given an adult with mild to moderate depression on a stable antidepressant
    And the pregnancy is not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "pregnancy"

  Scenario: a pregnancy on the problem list counts
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "pregnancy"
    When the record is evaluated
    Then "supplement-alongside-therapy" is suppressed by "pregnancy"

  Scenario: recommended intakes and limits are shown
    Given a healthy adult
    And the pregnancy is "pregnant"
    When the record is evaluated
    Then the text of "pregnancy" says "350 to 360 mg elemental a day in pregnancy from 19 years"
    And the text of "pregnancy" says "310 to 320 mg elemental in lactation"
    And the text of "pregnancy" says "EFSA 250, US 350 mg elemental a day"
    And the text of "pregnancy" says "in one review"
