// In the style of scripts that choose the device Cycles renders with.
const JOB_TYPE = {
    label: 'GPU Render',
    description: 'Render on a chosen device',
    settings: [
        { key: "frames", type: "string", required: true },
        { key: "chunk_size", type: "int32", default: 2 },
        { key: "device", type: "string", choices: ["CUDA", "OPTIX", "HIP", "ONEAPI", "METAL"], default: "OPTIX" },
        { key: "experimental", label: "Experimental features", type: "bool", default: false },
        { key: "extra_args", type: "string", default: "" },
        { key: "samples", type: "float" },
    ],
};

const {blender, device} = {
    blender: (settings) => shellSplit(settings.extra_args || ""),
    device: {
        "OPTIX": "OPTIX",
        get default() { return "CPU"; },
    },
};

function compileJob(job) {
    const {frames, chunk_size: size, ...rest} = job.settings;
    const script = [
        "import bpy",
        `prefs = bpy.context.preferences.addons['cycles'].preferences`,
        `prefs.compute_device_type = '${device[rest.device] ?? rest.device}'`,
        "bpy.context.scene.cycles.device = 'GPU'",
    ];
    if (rest.experimental) script.push("bpy.context.scene.cycles.feature_set = 'EXPERIMENTAL'");
    const chunks = frameChunker(frames, size);
    job.metadata.chunks = String(chunks.length);
    for (let chunk of chunks) {
        const task = new author.Task(` gpu-${chunk} `, "blender");
        task.priority = 80;
        task.addCommand(new author.Command("blender-render", {
            exe: "{blender}",
            exeArgs: "{blenderArgs}",
            argsBefore: [],
            blendfile: "{jobs}/x.blend",
            args: ["--python-expr", script.join("; "), ...blender(rest), "--render-frame", chunk.replaceAll("-", "..")],
        }, frameCount(chunk)));
        job.addTask(task);
    }
}
