// What is wrong with the boxes, and which setting helps.

const WAYS = { up: "↑", down: "↓" };

/** @param actions attempt(symptom, onAnswer), settings() as the kernel has them */
function addSymptomGuide(parent, symptoms, actions) {
  const root = section("guide", parent, "What is wrong? 증상별 안내", true);
  for (const { id, ko, en, advice, advice_ko: korean, changes } of symptoms) {
    const item = element("div", "symptom", root);
    item.dataset.symptom = id;
    const names = element("div", "symptom-names", item);
    element("div", "", names, { textContent: ko, lang: "ko" });
    element("div", "", names, { textContent: en });
    const steps = element("div", "symptom-steps", item);
    const said = changes.map(({ field, way, word }) => {
      const change = element("div", "", steps);
      element("span", "name", change, { textContent: `${field} ${WAYS[way] ?? ""}` });
      element("span", "", change, { textContent: ` ${word}` });
      return { field, result: element("b", "", change) };
    });
    const why = element("details", "why", steps);
    element("summary", "", why, { textContent: "Why 이유" });
    element("p", "advice", why, { textContent: korean, lang: "ko" });
    element("p", "advice", why, { textContent: advice });
    button("", item, "Try it", `Try it: ${en}`, () => {
      const before = actions.settings();
      actions.attempt(id, ({ kind, text }) => {
        if (kind === "refused" && !text) return; // the kernel never said anything of it
        const after = actions.settings();
        for (const { field, result } of said) {
          const [old, now] = [before[field], after[field]].map(plain);
          setText(result, old === now ? " no further step" : ` ${old} → ${now}`);
        }
      });
    });
  }
}
