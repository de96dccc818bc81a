// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError } from "commander";
import { describeError } from "../lib/log/printable.ts";
import { parseBindAddress, parseHttpAddress } from "../lib/node/bind-address.ts";
import { isObjectName } from "../lib/node/object-name.ts";
import { parseDuration } from "./duration.ts";

type Parser<T> = (text: string) => T;

function checked<T>(parse: Parser<T>): Parser<T> {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(describeError(error));
    }
  };
}

/** undefined cannot stand for "off" in commander, which would take the default then. */
export const httpAddress = checked((text) => parseHttpAddress(text) ?? "off");

/** "unix:///PATH" or "tcp://HOST:PORT", handed on as it is written. */
export const bindAddress = checked((text) => {
  parseBindAddress(text);
  return text;
});

const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** The spellings of Go's strconv.ParseBool, which existing manifests may use. */
export const boolean: Parser<boolean> = (text) => {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new InvalidArgumentError("Expected true or false.");
};

/** A whole number in decimal, sign allowed: the range is the start check's matter. */
export const integer: Parser<number> = (text) => {
  if (!/^[+-]?\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
};

/** A whole number from 1, that fits a timer as seconds. */
export const positiveInteger: Parser<number> = (text) => {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError("Expected a whole number from 1 to 999999.");
  return Number(text);
};

export const verbosity: Parser<number> = (text) => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a number from 0.");
  return Number(text);
};

export const notEmpty: Parser<string> = (text) => {
  if (text === "") throw new InvalidArgumentError("Expected a value.");
  return text;
};

/** "" is as if it were not given. */
export const nodeName: Parser<string> = (text) => {
  if (text === "" || isObjectName(text)) return text;
  throw new InvalidArgumentError(
    'Expected the name of a node: small letters, digits, "-" and ".", with a letter or digit at both ends.',
  );
};

/** One of the words, in any case; handed on as written. */
export const oneOf =
  (...words: string[]): Parser<string> =>
  (text) => {
    if (!words.includes(text.toLowerCase()))
      throw new InvalidArgumentError(`Expected one of ${words.join(", ")}.`);
    return text;
  };

export const LOG_FORMATS: readonly string[] = ["text", "json"];

export const logFormat: Parser<string> = (text) => oneOf(...LOG_FORMATS)(text).toLowerCase();

/** A Go duration, as milliseconds. */
export const duration = checked(parseDuration);
