import assert from "node:assert/strict";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { FileAppender } from "./file-appender.ts";
import { UdpSender, type UdpTools } from "./udp-sender.ts";

interface Sent {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly done: (error?: Error) => void;
}

/** A network that keeps what is sent until it is told otherwise. */
function network(lookup: UdpTools["lookup"] = () => Promise.reject(new Error("no such host"))) {
  const sent: Sent[] = [];
  const types: string[] = [];
  const createSocket = (type: string) => {
    types.push(type);
    const send = (bytes: Uint8Array, _port: number, address: string, done: Sent["done"]) =>
      sent.push({ bytes, address, done });
    return { send, close: () => {}, on: () => {}, unref: () => {} };
  };
  return { sent, types, tools: { createSocket, lookup } as unknown as UdpTools };
}

const BYTES = Uint8Array.of(1);

test("datagrams that the system does not take in time are lost and counted", async () => {
  const { sent, types, tools } = network();
  const sender = new UdpSender("2001:db8::9", 514, tools);
  for (let i = 0; i < 1030; i++) sender.send(BYTES, 2, 0);
  assert.deepEqual([sent.length, sender.lost], [1024, 12]);
  assert.deepEqual(types, ["udp6"]);
  sent[0]!.done();
  sent[1]!.done(new Error("network is down"));
  assert.deepEqual([sender.lost, sender.trouble], [14, "network is down"]);
  sender.send(BYTES, 2, 0);
  assert.equal(sent.length, 1025);
  const closed = sender.close();
  for (const { done } of sent.slice(2)) done();
  await closed;
});

test("what waits for the address of a name is sent when it is known", async () => {
  let known = false;
  const { sent, tools } = network(async () => {
    if (!known) throw new Error("no such host");
    return { address: "192.0.2.9", family: 4 };
  });
  const sender = new UdpSender("log.example", 514, tools);
  sender.send(BYTES, 1, 0);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual([sent.length, sender.trouble], [0, "no such host"]);
  known = true;
  sender.send(BYTES, 1, 4999);
  await new Promise(setImmediate);
  assert.equal(sent.length, 0);
  sender.send(BYTES, 1, 5000);
  await new Promise(setImmediate);
  assert.deepEqual(
    sent.map(({ address }) => address),
    ["192.0.2.9", "192.0.2.9", "192.0.2.9"],
  );
});

test("what has no address when the log is closed is lost", async () => {
  const sender = new UdpSender("log.example", 514, network(() => new Promise(() => {})).tools);
  sender.send(BYTES, 3, 0);
  await sender.close();
  assert.equal(sender.lost, 3);
});

test("a socket that cannot be bound loses what it had, and another takes its place", async () => {
  const sent: Sent["done"][] = [];
  const failures: ((error: Error) => void)[] = [];
  const createSocket = () => ({
    send: (_bytes: Uint8Array, _port: number, _address: string, done: Sent["done"]) =>
      sent.push(done),
    close: () => {},
    on: (_event: string, failed: (error: Error) => void) => failures.push(failed),
    unref: () => {},
  });
  const tools = { createSocket, lookup: () => assert.fail() } as unknown as UdpTools;
  const sender = new UdpSender("192.0.2.9", 514, tools);
  sender.send(BYTES, 2, 0);
  sender.send(BYTES, 3, 0);
  failures[0]!(new Error("bind EMFILE"));
  assert.deepEqual([sender.lost, sender.trouble, failures.length], [5, "bind EMFILE", 2]);
  sender.send(BYTES, 7, 0);
  sent[2]!();
  sender.send(BYTES, 1, 0);
  const closed = sender.close();
  failures[1]!(new Error("bind EMFILE"));
  await closed;
  assert.deepEqual([sender.lost, failures.length], [6, 2]);
});

test("a file is appended to, private, and made anew when it was renamed", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus log "));
  const file = path.join(folder, "nat.jsonl");
  const log = new FileAppender(file);
  log.write("one\n", 1, 0);
  log.write("two\n", 1, 0);
  await log.close();
  const again = new FileAppender(file);
  again.write("three\n", 1, 0);
  await again.settled;
  renameSync(file, `${file}.1`);
  again.write("four\n", 1, 0);
  await again.settled;
  again.reopen();
  again.write("five\n", 1, 0);
  await again.close();
  assert.equal(readFileSync(`${file}.1`, "utf8"), "one\ntwo\nthree\nfour\n");
  assert.equal(readFileSync(file, "utf8"), "five\n");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(again.lost, 0);
  rmSync(folder, { recursive: true });
});

test("what cannot be written is counted, tried again a second later, and harms nothing", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus log "));
  const file = path.join(folder, "later", "nat.jsonl");
  const log = new FileAppender(file);
  log.write("one\n", 1, 0);
  await log.settled;
  assert.equal(log.lost, 1);
  assert.match(log.trouble!, /ENOENT/);
  mkdirSync(path.dirname(file));
  log.write("two\n", 1, 999);
  await log.settled;
  assert.equal(log.lost, 2);
  log.write("three\n", 1, 1000);
  await log.close();
  assert.deepEqual([log.lost, readFileSync(file, "utf8")], [2, "three\n"]);
  rmSync(folder, { recursive: true });
});

test("more than a slow disk takes is lost and counted", async () => {
  const log = new FileAppender("/nowhere/nat.jsonl");
  const large = "x".repeat(10 * 1024 * 1024);
  log.write(large, 1, 0);
  log.write(large, 4, 0);
  assert.deepEqual([log.lost, log.trouble], [4, "the disk is too slow"]);
  await log.close();
});

test("a full disk tears no lines, and the file says what is missing", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus log "));
  const file = path.join(folder, "nat.jsonl");
  const log = new FileAppender(file, (records) => `lost ${records}\n`);
  log.write("one\n", 1, 0);
  await log.settled;
  const handle = await open(file, "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { write } = prototype;
  let room = 6;
  t.mock.method(prototype, "write", async function (this: FileHandle, bytes: Buffer) {
    if (room === 0) throw new Error("no space left on device");
    const some = bytes.subarray(0, room);
    room -= some.length;
    return (write as (bytes: Buffer) => unknown).call(this, some);
  });
  log.write("two\nthree\nfour\n", 3, 0);
  await log.settled;
  log.write("five\n", 1, 0);
  await log.settled;
  assert.deepEqual([log.lost, log.trouble], [3, "no space left on device"]);
  room = 1000;
  log.write("six\n", 1, 0);
  await log.settled;
  log.write("seven\n", 1, 0);
  await log.close();
  assert.equal(readFileSync(file, "utf8"), "one\ntwo\nth\nlost 3\nsix\nseven\n");
  rmSync(folder, { recursive: true });
});

test("a file that cannot be closed harms nothing", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "isthmus log "));
  const file = path.join(folder, "nat.jsonl");
  const log = new FileAppender(file);
  /** So that closing it again is an error. */
  const spoil = () => {
    const all = readdirSync("/proc/self/fd").map(Number);
    closeSync(all.find((fd) => isLink(fd, file))!);
  };
  log.write("one\n", 1, 0);
  await log.settled;
  spoil();
  log.reopen();
  log.write("two\n", 1, 0);
  await log.settled;
  assert.equal(log.lost, 0);
  assert.match(log.trouble!, /EBADF/);
  spoil();
  await log.close();
  assert.equal(readFileSync(file, "utf8"), "one\ntwo\n");
  rmSync(folder, { recursive: true });
});

function isLink(fd: number, file: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === file;
  } catch {
    return false;
  }
}
