var names = require("./names.json");
var author = require("author");

exports.title = names.title;
module.exports.reportTask = function (job, text) {
    var task = author.Task(exports.title, "misc");
    task.addCommand(author.Command("echo", { message: text, file: __filename, dir: __dirname }));
    return task;
};
