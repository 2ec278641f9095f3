/** Variables of a gateway that is driven as fast as it goes, by one caller: what is measured there is no misuse. */
export const unlimited: Readonly<Record<string, string>> = {
  MAX_REALTIME_FACTOR: "off",
  RATE_LIMIT_PER_MINUTE: "off",
  MAX_OPEN_SESSIONS: "off",
  AUDIO_QUOTA_S_PER_DAY: "off",
};
