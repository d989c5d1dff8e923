// In the style of scripts that split one image into tiles and put them together in the compositor.
var JOB_TYPE = {
    label: "Tiled Still",
    settings: [
        { key: "frame", type: "int32", required: true, eval: "C.scene.frame_current", description: "Frame to render" },
        { key: "tile_size", type: "int32", default: 5, propargs: { min: 1, max: 100 }, visible: "submission",
          description: "Tile size in percent of the image" },
        { key: "render_output_path", type: "string", subtype: "file_path", editable: false },
        { key: "blendfile", type: "string", required: true, visible: "web" },
        { key: "format", type: "string", required: true, visible: "web" },
        { key: "image_file_extension", type: "string", required: true, visible: "hidden" },
        { key: "resolution_x", type: "int32", required: true, visible: "hidden", eval: "C.scene.render.resolution_x" },
        { key: "resolution_y", type: "int32", required: true, visible: "hidden", eval: "C.scene.render.resolution_y" },
    ],
};

var FORMATS = { "PNG": ".png", "OPEN_EXR": ".exr" };

function compileJob(job) {
    print("Tiled still job submitted: ", job);
    var settings = job.settings;
    if (Object.keys(FORMATS).indexOf(settings.format) == -1) {
        throw "This job type can only render PNG and EXR";
    }
    var renderOutput = renderOutputPath(job);
    settings.render_output_path = renderOutput;
    var tilesDir = path.join(path.dirname(renderOutput), "tiles");
    var tiles = makeTiles(settings.tile_size);
    var renderTasks = authorRenderTasks(settings, tilesDir, tiles);
    var mergeTask = authorMergeTask(settings, tilesDir, renderOutput);
    for (var i in renderTasks) {
        var renderTask = renderTasks[i];
        mergeTask.addDependency(renderTask);
        job.addTask(renderTask);
    }
    job.addTask(mergeTask);
}

function renderOutputPath(job) {
    var outputPath = job.settings.render_output_path;
    if (!outputPath) {
        throw "No render_output_path setting!";
    }
    return outputPath.replace(/{([^}]+)}/g, function (match, group0) {
        switch (group0) {
            case "timestamp":
                return formatTimestampLocal(job.created);
            default:
                return match;
        }
    });
}

function makeTiles(size) {
    var tiles = [];
    for (var x = 0; x < 100; x += size) {
        for (var y = 0; y < 100; y += size) {
            tiles.push([x, Math.min(x + size, 100), y, Math.min(y + size, 100)]);
        }
    }
    return tiles;
}

var authorRenderTasks = function (settings, tilesDir, tiles) {
    var tasks = [];
    var arrayLength = tiles.length;
    for (var i = 0; i < arrayLength; i++) {
        var t = tiles[i];
        var task = author.Task("render-" + settings.frame + "-tile-" + ("000" + i).slice(-3), "blender");
        task.addCommand(author.Command("blender-render", {
            exe: "{blender}",
            exeArgs: "{blenderArgs}",
            argsBefore: [],
            blendfile: settings.blendfile,
            args: [
                "--python-expr", "import bpy; r = bpy.context.scene.render; r.use_border = True; " +
                    "r.border_min_x = " + t[0] / 100 + "; r.border_max_x = " + t[1] / 100,
                "--render-output", path.join(tilesDir, "tile-" + i),
                "--render-format", settings.format,
                "--render-frame", settings.frame,
            ]
        }));
        tasks.push(task);
    }
    return tasks;
};

function authorMergeTask(settings, tilesDir, renderOutput) {
    const task = author.Task("merge", "blender");
    const command = author.Command("blender-render", {
        exe: "{blender}", exeArgs: "{blenderArgs}", argsBefore: [], blendfile: settings.blendfile,
        args: ["--python-expr", `import bpy; dir = "${tilesDir}"`, "--render-output", renderOutput],
    }, 1);
    task.addCommand(command);
    return task;
}
