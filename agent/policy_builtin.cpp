#include "agent/policy.h"

namespace deskhand {

std::string_view Policy::builtin_text() {
  return R"json({
  // Four verdicts: "allow"; "ask": the user confirms each one; "hand_off": the user does it; "deny": never.
  // deny beats hand_off, that beats an allow of a rule, that beats ask; what no rule decides is "default".
  // In a file of your own, "builtin_rules": true adds the rules below to yours.
  "default": "allow",
  "unlabelled": "ask",      // pressing something without a name
  "terminal": "ask",        // typing into a terminal runs commands
  "password": "hand_off",   // typing into a password field

  // "applications": {"only": ["firefox", "gedit"], "allow": [], "ask": [], "deny": ["keepass*"]},
  // "windows": {"deny": ["*Bank*"]},      globs of titles
  "keys": {
    "ask": ["ctrl+w", "ctrl+q", "ctrl+shift+w", "ctrl+shift+q", "alt+F4", "ctrl+F4", "alt+F2", "shift+Delete",
            "ctrl+shift+Delete", "ctrl+Return", "ctrl+shift+Return", "ctrl+alt+*", "alt+Sys_Req", "XF86*", "super+l"]
  },

  // A rule applies when all that it states fits: applications, windows and labels (globs of the target's name) for every
  // action; words (of the name) for what presses the target; roles; keys; tools; outside_fields (the focus is in no text
  // field); unless_named (not when the task itself contains the target's name).
  "rules": [
    {"verdict": "ask", "reason": "it deletes or loses something",
     "words": ["delete", "remove", "erase", "discard", "trash", "wipe", "destroy", "reset", "uninstall",
               "overwrite", "replace", "close without saving", "don't save", "quit", "clear all", "purge",
               "löschen", "entfernen", "verwerfen", "supprimer", "effacer", "eliminar", "borrar", "elimina", "cancella",
               "excluir", "apagar", "verwijderen", "usuń", "удалить"]},
    {"verdict": "ask", "reason": "it sends or publishes something",
     "words": ["send", "post", "publish", "share", "reply", "tweet", "upload", "invite",
               "senden", "absenden", "veröffentlichen", "teilen", "envoyer", "publier", "partager", "enviar", "publicar",
               "compartir", "invia", "pubblica", "verzenden", "wyślij", "отправить"]},
    {"verdict": "ask", "reason": "it costs money or makes a contract",
     "words": ["pay", "buy", "purchase", "checkout", "check out", "subscribe", "donate", "transfer", "bid",
               "book now", "place order", "order now", "rent", "kaufen", "bezahlen", "bestellen", "überweisen", "payer", "acheter",
               "commander", "pagar", "comprar", "pedir", "paga", "acquista", "ordina", "betalen", "kopen", "zapłać",
               "kup", "оплатить", "купить"]},
    {"verdict": "ask", "reason": "it changes what is installed or running",
     "words": ["install", "upgrade", "update now", "shut down", "shutdown", "power off", "restart", "reboot", "log out",
               "sign out", "suspend", "hibernate", "run", "execute", "installieren", "installer", "instalar", "installa",
               "zainstaluj", "установить"]},
    {"verdict": "ask", "reason": "it grants something or agrees to something",
     "words": ["allow", "grant", "authorize", "authorise", "permit", "accept", "agree", "i agree", "trust", "approve",
               "sign in", "log in", "sign up", "register", "unlock", "erlauben", "zulassen",
               "akzeptieren", "autoriser", "accepter", "permitir", "aceptar", "consenti", "accetta", "toestaan",
               "zezwól", "разрешить"]},
    {"verdict": "hand_off", "reason": "it is a check that a human is there",
     "words": ["captcha", "recaptcha", "i'm not a robot", "i am not a robot", "i am human", "verify you are human"]},
    {"verdict": "hand_off", "reason": "it asks for a secret", "tools": ["fill", "type"],
     "labels": ["*password*", "*passphrase*", "*passcode*", "pin", "*pin code*", "*one-time code*", "*cvv*", "*cvc*",
                "*card number*", "*passwort*", "*kennwort*", "*mot de passe*", "*contraseña*", "*senha*",
                "*wachtwoord*", "*hasło*", "*пароль*"]},
    {"verdict": "ask", "reason": "outside a text field it may delete what is selected", "outside_fields": true,
     "keys": ["Delete"]}
  ]
})json";
}

}  // namespace deskhand
