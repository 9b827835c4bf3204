import type { ListedEntry } from "../files.ts";
import { escapeName } from "../misleading.ts";

export interface SizedListing {
  entries: ListedEntry[];
  files: number;
  directories: number;
  /** Of the files of this very folder. */
  bytes: number;
}

/** What list_directory_with_sizes tells: by name, or the largest first. Whatever is no folder counts as a file. */
export function sizedListing(listed: readonly ListedEntry[], sortBy: "name" | "size" = "name"): SizedListing {
  const byName = (a: ListedEntry, b: ListedEntry) => (a.name < b.name ? -1 : Number(a.name > b.name));
  const size = ({ facts }: ListedEntry) => facts?.size ?? 0;
  const order = sortBy === "size" ? (a: ListedEntry, b: ListedEntry) => size(b) - size(a) || byName(a, b) : byName;
  const files = listed.filter(({ type }) => type !== "directory");
  return {
    entries: listed.toSorted(order),
    files: files.length,
    directories: listed.length - files.length,
    bytes: files.reduce((sum, file) => sum + size(file), 0),
  };
}

/** As people read it: "0 B", "1.50 KB", in steps of 1024. */
export function formatSize(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const unit = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return unit === 0 ? `${bytes} B` : `${(bytes / 1024 ** unit).toFixed(2)} ${units[unit]}`;
}

/** The lines that a client of the official server knows. */
export function formatListing({ entries, files, directories, bytes }: SizedListing): string {
  const lines = entries.map(({ name, type, facts }) =>
    type === "directory"
      ? `[DIR] ${escapeName(name).padEnd(30)} `
      : `[FILE] ${escapeName(name).padEnd(30)} ${formatSize(facts?.size ?? 0).padStart(10)}`,
  );
  return [
    ...lines,
    "",
    `Total: ${files} files, ${directories} directories`,
    `Combined size: ${formatSize(bytes)}`,
  ].join("\n");
}
