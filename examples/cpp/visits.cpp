// visits: a CGI program with sessions, on h3s.hpp. It counts visits, and keeps a list of notes.
//
//     c++ -std=c++17 -o visits.cgi visits.cpp $(pkg-config --cflags --libs h3s)
//
// Any web server with CGI runs it. Without one, its environment is a request:
//
//     export SESSION_PASSWORD='a password of at least 32 characters'
//     HTTP_COOKIE= REQUEST_METHOD=GET PATH_INFO=/ ./visits.cgi
//
// GET / counts a visit; POST /note adds the body as a note; POST /login takes the body as a name;
// POST /logout ends the session. A server that stays up makes one h3s::config at its start, and
// shares it among its threads; all else is as here.

#include <h3s.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t body_max = 1000;

// One of the request's headers, or of what CGI adds to them; empty where there is none.
std::string_view environment(const char* name)
{
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

h3s::config configured()
{
    const std::string password = h3s::json_quote(environment("SESSION_PASSWORD"));
    return h3s::config(R"({"maxAge": 604800, "password": )" + password + "}");
}

bool is_cross_site()
{
    return h3s::is_cross_site({environment("HTTP_SEC_FETCH_SITE"), environment("HTTP_ORIGIN"),
                               environment("HTTP_REFERER"), environment("HTTP_HOST")});
}

std::string body()
{
    const std::string_view digits = environment("CONTENT_LENGTH");
    std::size_t length = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), length);
    std::string read(std::min(length, body_max), '\0');
    std::cin.read(read.data(), static_cast<std::streamsize>(read.size()));
    read.resize(static_cast<std::size_t>(std::cin.gcount()));
    return read;
}

// Does what the path asks for; gives the status of the answer.
std::string_view act(h3s::session& session, std::string_view path)
{
    const std::string_view method = environment("REQUEST_METHOD");
    if (path.empty() || path == "/") {
        if (method != "GET" && method != "HEAD")
            return "405 Method Not Allowed"; // another site's form does not lead here
        session.set("visits", session.get<int>("/visits").value_or(0) + 1);
        return "200 OK";
    }
    if (method != "POST")
        return "405 Method Not Allowed"; // a mere link changes nothing
    if (is_cross_site())
        return "403 Forbidden"; // and neither does another site's form
    if (path == "/note")
        session.set_at("/notes/-", body());
    else if (path == "/login")
        session.rotate().set("user", body()); // a new id: whoever knew the old one has nothing
    else if (path == "/logout")
        session.clear();
    else
        return "404 Not Found";
    return "200 OK";
}

void answer(const h3s::config& config, h3s::session& session, std::string_view status)
{
    std::cout << "Status: " << status << "\r\nContent-Type: text/plain; charset=utf-8\r\n"
              << "Vary: " << config.header_vary() << "\r\n";
    const h3s::cookie_list cookies = session.set_cookies();
    for (const std::string_view value : cookies)
        std::cout << "Set-Cookie: " << value << "\r\n";
    if (!cookies.empty())
        std::cout << "Cache-Control: " << h3s::header_cache_control("no-store") << "\r\n";
    std::cout << "\r\n"
              << session.get<std::string_view>("/user").value_or("Nobody") << ", visits: "
              << session.get<int>("/visits").value_or(0) << "\n";
    for (const h3s::item& note : session.walk("/notes"))
        std::cout << "- " << note.get<std::string_view>().value_or("") << "\n";
}

} // namespace

int main()
{
    try {
        const h3s::config config = configured();
        h3s::session session = config.use(h3s::request{environment("HTTP_COOKIE")}
                                              .header(environment("HTTP_X_H3_SESSION"))
                                              .peer(environment("REMOTE_ADDR"))
                                              .cross_site(is_cross_site()));
        std::string_view status;
        try {
            status = act(session, environment("PATH_INFO"));
        } catch (const h3s::too_large_error&) {
            status = "413 Content Too Large"; // the session is as it was, also below
        } catch (const h3s::data_error&) {
            status = "400 Bad Request"; // the body is not UTF-8
        }
        answer(config, session, status);
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << "visits: " << error.what() << "\n"; // fit for logs: it quotes no data
        std::cout << "Status: 500 Internal Server Error\r\n\r\n";
        return EXIT_FAILURE;
    }
}
