Feature: QTc of 500 ms or more on an antidepressant that prolongs QT
  Reviewed today: ECG, potassium, magnesium, medical review. Magnesium tablets are no treatment of it.
  Evidence: fda-2012-citalopram

  Scenario Outline: from 500 ms it is urgent and holds back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "<medicine>" since 300 days ago
    And the QTc is "<qtc>"
    When the record is evaluated
    Then "long-qtc-on-qt-drug" is <urgent>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | medicine   | qtc    | urgent        | trial      |
      | trazodone  | 499 ms | not indicated | offered    |
      | trazodone  | 500 ms | offered       | suppressed |
      | trazodone  | 501 ms | offered       | suppressed |
      | fexofenadine | 510 ms | not indicated | offered  |

  Scenario: no QTc on record lets a trial pass
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "trazodone" since 300 days ago
    And the QTc is not known
    When the record is evaluated
    Then "long-qtc-on-qt-drug" is withheld for want of "QTc"
    And "supplement-alongside-therapy" is offered

  Scenario Outline: a QTc is current for 365 days
    Given a healthy adult
    And the patient takes "citalopram" since 300 days ago
    And the QTc is "510 ms" from <days> days ago
    When the record is evaluated
    Then "long-qtc-on-qt-drug" is <urgent>

    Examples:
      | days | urgent   |
      | 365  | offered  |
      | 366  | withheld |

  Scenario Outline: an automated QTc of a paced rhythm or a bundle branch block is not used, and asked for again
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient takes "citalopram" since 300 days ago
    And the QTc is "<qtc>" from an ECG with <rhythm>
    When the record is evaluated
    Then "long-qtc-on-qt-drug" is withheld for want of "QTc"
    And "supplement-alongside-therapy" is withheld for want of "QTc"

    Examples:
      | qtc    | rhythm              |
      | 440 ms | paced               |
      | 520 ms | paced               |
      | 440 ms | bundle branch block |
      | 520 ms | bundle branch block |
