using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lab.Results;

/// <summary>The JSON files of a run folder: snake_case, indented, nothing by reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    NewLine = "\n")]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(List<Violation>))]
internal sealed partial class RunJson : JsonSerializerContext
{
    internal const string ManifestFile = "manifest.json";
    internal const string ViolationsFile = "violations.json";
    /// <summary>For reading and writing. A command line stays legible, quotes and all (the files are never pasted into HTML raw).
    /// Made on first use: the generated half of this class has static fields of its own, and which come first is not
    /// settled.</summary>
    internal static RunJson Plain => field ??=
        new(new JsonSerializerOptions(Default.Options!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
