Feature: Kinds of suggestions
  The kind says how a suggestion is meant, what it holds back and what can hold it back. urgent: to be seen to today. stop:
  magnesium could harm, or nobody like this was in the trials. defer: something has to be known first. interaction: with
  another medicine or an operation. workup, consider, dose, monitor and inform hold nothing back unless precedence.yaml says so.
  Evidence: clinical brief 8, the letters of its rules

  Scenario Outline: the kind of every rule
    Given a healthy adult
    When the record is evaluated
    Then "<rule>" is of kind "<kind>"

    Examples:
      | rule                              | kind        |
      | acute-suicide-risk                | urgent      |
      | long-qtc-on-qt-drug               | urgent      |
      | severe-hypermagnesaemia           | urgent      |
      | severe-hypomagnesaemia            | urgent      |
      | suicide-risk                      | urgent      |
      | alcohol-use-disorder              | stop        |
      | bipolar-disorder                  | stop        |
      | bipolar-screen-positive           | stop        |
      | bowel-disease                     | stop        |
      | bradycardia                       | stop        |
      | diarrhoea-or-dehydration          | stop        |
      | dose-above-limit                  | stop        |
      | eating-disorder-or-refeeding      | stop        |
      | hypermagnesaemia                  | stop        |
      | magnesium-contraindicated         | stop        |
      | moderate-renal-impairment         | stop        |
      | pregnancy                         | stop        |
      | pregnancy-recorded-unexpectedly   | stop        |
      | severe-depression-first-line      | stop        |
      | severe-impairment-first-line      | stop        |
      | severe-renal-impairment           | stop        |
      | threonate-in-pregnancy            | stop        |
      | worsening-on-magnesium            | stop        |
      | high-magnesium-not-rechecked      | defer       |
      | low-kidney-function-not-rechecked | defer       |
      | magnesium-result-not-usable       | defer       |
      | measure-magnesium-first           | defer       |
      | medicine-list-not-reconciled      | defer       |
      | outside-adult-scope               | defer       |
      | phq9-incomplete                   | defer       |
      | recent-kidney-function            | defer       |
      | antibiotic-course                 | interaction |
      | integrase-inhibitor-spacing       | interaction |
      | integrase-inhibitor-unspaced      | interaction |
      | medicine-needs-signoff            | interaction |
      | medicine-needs-spacing            | interaction |
      | planned-surgery                   | interaction |
      | bipolar-not-assessed              | workup      |
      | confirm-low-magnesium             | workup      |
      | depletion-without-magnesium       | workup      |
      | perinatal-depression              | workup      |
      | ppi-without-magnesium             | workup      |
      | qt-drug-low-magnesium             | workup      |
      | replete-low-magnesium             | consider    |
      | supplement-alone                  | consider    |
      | supplement-alongside-therapy      | consider    |
      | trial-partial-response            | consider    |
      | trial-response                    | consider    |
      | trial-dose                        | dose        |
      | beyond-twelve-weeks               | monitor     |
      | monitor-serum-magnesium           | monitor     |
      | trial-no-response                 | monitor     |
      | trial-overdue                     | monitor     |
      | week-six-review                   | monitor     |
      | week-two-check                    | monitor     |
      | assess-dietary-intake             | inform      |
      | latent-magnesium-zone             | inform      |
      | low-albumin                       | inform      |
      | low-dietary-magnesium             | inform      |
      | magnesium-dose-not-stated         | inform      |
      | stress-or-anxiety-only            | inform      |
