// A browser, as far as cookies go.

import { npm } from "./npm.mjs";

const { CookieJar } = await npm("tough-cookie");

const URL = "https://site.example/";
/** Of a cookie's name and value together: browsers keep no longer one. */
const MAX_COOKIE_LENGTH = 4096;

export class Browser {
  jar = new CookieJar();

  /** The Cookie header of the next request; undefined if there is none. */
  async cookie() {
    return (await this.jar.getCookieString(URL)) || undefined;
  }

  /** Takes the Set-Cookie values of a response. */
  async take(setCookies) {
    for (const value of setCookies) {
      if (value.split(";", 1)[0].length <= MAX_COOKIE_LENGTH) await this.jar.setCookie(value, URL);
    }
  }

  /** One request: `visit(cookie)` answers with `setCookies`, which are taken. */
  async visit(visit) {
    const answer = await visit(await this.cookie());
    await this.take(answer.setCookies ?? []);
    return answer;
  }
}
