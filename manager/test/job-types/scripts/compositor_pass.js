"use strict";
// Looks at everything a script may look at.
const report = require("./lib/report");
const nativePath = require("path");
const nativeProcess = require('process');

const JOB_TYPE = {
    label: "Compositor Pass",
    settings: [{ key: "message", type: "string", default: "none" }, { key: "odd", type: "string" }],
};

function compileJob(job) {
    print("compiling", job.name, 3, { nested: [1] }, null, undefined);
    alert("look here");
    job.settings.message = JSON.stringify({
        ids: [job.jobID, job.workerTagUUID, job.storage.shamanCheckoutID],
        job: [job.name, job.jobType, job.priority, job.status],
        created: [job.created instanceof Date, formatTimestampLocal(job.created)],
        metadata: job.metadata,
        odd: "odd" in job.settings,
        same: [nativePath === path, nativeProcess === process, require("author") === author],
        process: [typeof process.cwd(), process.platform],
    });
    const first = author.Task("first", "file-management");
    job.addTask(first);
    // Added after addTask.
    first.addCommand(author.Command("make-directory", { path: "/out" }));
    first.addCommand(author.Command("copy-file", { src: "/a", dest: "/b", nothing: undefined }));
    const second = report.reportTask(job, first.uUID);
    second.frames = "1..3, 7";
    second.addDependency(first);
    job.addTask(second);
    job.metadata.tasks = job.tasks.map((task) => `${task.name}:${task.type}:${task.commands.length}`).join();
}
