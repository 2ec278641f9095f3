/** What many meetings at once ask of what they share, by counts of one, beside the platform's published limits. Pure. */
import type { FigureTable } from "./report/figure.ts";
import { short } from "./report/stats.ts";

/** Of one object, which is single-threaded. */
const objectPerSecond = 1_000;
/** Of one D1 database, which does one query after the other: at a millisecond each. */
const databasePerSecond = 1_000;
const million = 1_000_000;

/** What there is one of, in the meter's names; each of those of a tenant binds a tenant, not an installation. */
const shared = [
  { what: "the installation's Operations object", keys: ["Operations requests"], most: objectPerSecond },
  { what: "the index in D1", keys: ["D1 queries"], most: databasePerSecond },
  { what: "a tenant's TraceLog", keys: ["TraceLog requests"], most: objectPerSecond },
  { what: "a tenant's MeetingIndex", keys: ["MeetingIndex requests"], most: objectPerSecond },
  { what: "a tenant's BillingLedger", keys: ["BillingLedgerDO requests"], most: objectPerSecond },
  { what: "a tenant's TenantQuota", keys: ["TenantQuota requests"], most: objectPerSecond },
  {
    what: "a room",
    keys: ["MeetingSessionDO messages", "MeetingSessionDO requests"],
    most: objectPerSecond,
    isOwn: true,
  },
] as const;

/**
 * @param live counts of one track and room, an hour. @param end what the end of one meeting takes.
 * @returns for each shared thing: requests a second of a million meetings, and how many meetings fill it.
 */
export function sharedByMany(
  live: Readonly<Record<string, number>>,
  end: Readonly<Record<string, number>>,
): FigureTable {
  const rows = shared.map(({ what, keys, most, ...rest }) => {
    const anHour = keys.reduce((sum, key) => sum + (live[key] ?? 0) + (end[key] ?? 0), 0);
    const each = anHour / 3_600;
    const isOwn = "isOwn" in rest;
    return {
      "what they share": what,
      "requests/s of one meeting": short(each),
      "of a million": isOwn ? "-" : short(each * million),
      "published limit/s": most,
      "full at": each === 0 ? "-" : isOwn ? `${short(most / each)} tracks` : `${short(most / each)} meetings`,
    };
  });
  return {
    title: "What meetings share, and how many fill it",
    rows,
    notes: [
      "Meetings of one hour and one track. 1,000 requests a second is the soft limit of one object (https://developers.cloudflare.com/durable-objects/platform/limits/); a D1 database does one query at a time, 1,000 a second at a millisecond each (https://developers.cloudflare.com/d1/platform/limits/).",
    ],
  };
}
