/**
 * Synthetic voices of Debian packages, and which of them the resolver's model may hear. The two lists share no
 * person: `kal_diphone`, `cmu_us_slt_arctic_hts` and the Hindi and Marathi voices of NSK are people of the first
 * list under another name, and are in neither.
 */
export interface Voice {
  readonly id: string;
  readonly engine: "flite" | "espeak-ng" | "festival";
  /** What the engine calls it. */
  readonly name: string;
  /** Reads only its own script. */
  readonly script?: "telugu";
}

const flite = (name: string): Voice => ({ id: `flite-${name}`, engine: "flite", name });
const espeak = (name: string): Voice => ({ id: `espeak-${name}`, engine: "espeak-ng", name });
const festival = (name: string): Voice => ({ id: `festival-${name}`, engine: "festival", name });

export const trainingVoices: readonly Voice[] = [
  ...["kal16", "awb", "rms", "slt"].map(flite),
  ...["lp_diphone", "czech_machac", "czech_krb", "hy_fi_mv_diphone", "upc_ca_ona_hts"].map(festival),
  { ...festival("telugu_NSK_diphone"), script: "telugu" },
  ...["m1", "m2", "m4", "m8", "f1", "f3", "f5", "klatt2", "klatt4", "Denis", "Marco"].map((v) => espeak(`en-us+${v}`)),
  ...["grandma", "belinda", "quincy", "marcelo", "boris", "steph", "pablo"].map((v) => espeak(`en-us+${v}`)),
];

export const unseenVoices: readonly Voice[] = [
  ...["ked_diphone", "pc_diphone", "suo_fi_lj_diphone", "msu_ru_nsh_clunits", "czech_dita", "czech_ph"].map(festival),
  ...["m3", "m7", "f2", "f4", "klatt", "Annie"].map((v) => espeak(`en-gb-scotland+${v}`)),
  ...["paul", "gustave", "shelby", "Alex"].map((v) => espeak(`en-gb-x-rp+${v}`)),
];

/** The Debian packages that hold them all, with sox for the conditions. */
export const debianPackages =
  "flite espeak-ng sox festival festvox-kdlpc16k festvox-italp16k festvox-itapc16k festvox-czech-machac " +
  "festvox-czech-krb festvox-czech-dita festvox-czech-ph festvox-suopuhe-lj festvox-suopuhe-mv festvox-ca-ona-hts " +
  "festival-te festvox-te-nsk festvox-ru";
