Feature: A course of a fluoroquinolone or a tetracycline
  Magnesium binds these antibiotics in the gut. A trial waits until the course is over.
  Evidence: ods-magnesium, emc-12118-smpc

  Scenario Outline: the course holds back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 3 days ago
    When the record is evaluated
    Then "antibiotic-course" is <interaction>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | medicine              | interaction   | trial      |
      | ciprofloxacin         | offered       | suppressed |
      | moxifloxacin          | offered       | suppressed |
      | doxycycline           | offered       | suppressed |
      | amoxicillin           | not indicated | offered    |
      | ciprofloxacin ear drops | not indicated | offered  |

  Scenario Outline: after the course a trial is possible again
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient stopped "ciprofloxacin" <days> days ago
    When the record is evaluated
    Then "antibiotic-course" is <interaction>

    Examples:
      | days | interaction   |
      | 1    | not indicated |
      | 30   | not indicated |

  Scenario: without a medicine list it cannot be excluded
    Given an adult with mild to moderate depression on a stable antidepressant
    And the medicine list is not known
    When the record is evaluated
    Then "antibiotic-course" is withheld for want of "medicine list"
    And "supplement-alongside-therapy" is withheld for want of "medicine list"

  Scenario: who already takes magnesium is told how to keep the two apart
    Given a healthy adult
    And the patient takes "doxycycline" since 1 days ago
    And the patient takes "magnesium citrate" with "200 mg elemental" a day since 20 days ago
    When the record is evaluated
    Then "antibiotic-course" is offered
    And the text of "antibiotic-course" says "2 hours before or 6 hours after"
    And the text of "antibiotic-course" says "moxifloxacin 4 hours before or 8 hours after"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient takes "ciprofloxacin" since 3 days ago
    When the record is evaluated
    Then "antibiotic-course" is not indicated
