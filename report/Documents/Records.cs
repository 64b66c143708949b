using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Lab.Report.Claims;
using Lab.Report.Comparisons;
using Lab.Report.Explorations;
using Lab.Report.Fleet;
using Lab.Report.Guests;
using Lab.Report.Histories;
using Lab.Report.Logs;
using Lab.Report.Runs;
using Lab.Results;

namespace Lab.Report.Documents;

/// <summary>The same for programs: JSON and CSV of records, under names that are stable. Every JSON object that is printed
/// begins with <c>schema_version</c>; in an array each of its elements does.</summary>
public static class Records
{
    /// <summary>Grows when a name goes or changes its meaning, not when one is added.</summary>
    public const int SchemaVersion = 1;

    private const string Version = "schema_version";

    /// <summary>What is printed, by the verb that prints it.</summary>
    private static readonly (string Name, Type Type)[] Printed =
    [
        ("run", typeof(RunJsonView)), ("compare", typeof(CompareDocument)), ("compare --kernel", typeof(KernelsDocument)),
        ("explore", typeof(ExplorationJson[])),
        ("explore --program", typeof(ProgramJson)), ("explore --litmus", typeof(LitmusJson[])),
        ("track show", typeof(TrackDocument)), ("track gate", typeof(GateDocument)),
        ("report FILE.hlog", typeof(HdrLogRecord[])), ("doctor", typeof(DoctorJson)), ("reproduce", typeof(ReproductionJson)),
        ("fleet status", typeof(FleetStatusJson)), ("fleet gather", typeof(FleetExplorationJson)),
    ];

    // Arrows and dashes stay readable: it is UTF-8 and goes into no HTML.
    private static readonly JsonSerializerOptions Options =
        new(RecordsJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Json<T>(T value)
    {
        JsonNode node = JsonSerializer.SerializeToNode(value, Options.GetTypeInfo(typeof(T)))!;
        foreach (JsonObject one in node is JsonArray all ? [.. all.OfType<JsonObject>()] : (JsonObject[])[node.AsObject()])
        {
            one.Insert(0, Version, SchemaVersion);
        }
        return node.ToJsonString(Options);
    }

    /// <param name="numbers">Format of those that are not whole.</param>
    /// <summary>A line per record under their names; a record with a list of records has a line for each, and one with nothing
    /// behind its own fields where that is empty.</summary>
    public static void WriteCsv<T>(IEnumerable<T> records, TextWriter to, string numbers = "R")
    {
        to.WriteLine(string.Join(',', Columns(typeof(T)).Select(column => column.Name)));
        foreach (T record in records)
        {
            foreach (IEnumerable<string> line in Lines(typeof(T), record, numbers)) to.WriteLine(string.Join(',', line
                .Select(CsvText.Cell)));
        }
    }

    /// <summary>JSON Schema of everything that is printed as JSON, by verb.</summary>
    public static string Schemas()
    {
        JsonObject schemas = [];
        foreach ((string name, Type type) in Printed)
        {
            JsonNode schema = Options.GetJsonSchemaAsNode(type);
            JsonObject one = (type.IsArray ? schema["items"]! : schema).AsObject();
            one["properties"]!.AsObject().Insert(0, Version, new JsonObject { ["type"] = "integer", ["const"] = SchemaVersion });
            schemas[name] = schema;
        }
        return schemas.ToJsonString(Options);
    }

    private static IEnumerable<JsonPropertyInfo> Columns(Type type) => Options.GetTypeInfo(type).Properties.SelectMany(
        property => ListOf(property) is { } inner ? Columns(inner) : [property]);

    private static IEnumerable<IEnumerable<string>> Lines(Type type, object? record, string numbers)
    {
        IList<JsonPropertyInfo> properties = Options.GetTypeInfo(type).Properties;
        string[] own = [.. properties.Where(property => ListOf(property) is null).Select(property => Text(property.Get!(record!),
            numbers))];
        if (properties.FirstOrDefault(property => ListOf(property) is not null) is not { } list) return [own];
        Type inner = ListOf(list)!;
        object[] items = [.. ((System.Collections.IEnumerable)list.Get!(record!)!).Cast<object>()];
        return items.Length == 0 ? [own.Concat(Columns(inner).Select(_ => ""))]
            : items.SelectMany(item => Lines(inner, item, numbers).Select(line => own.Concat(line)));
    }

    private static Type? ListOf(JsonPropertyInfo property) =>
        property.PropertyType.IsGenericType && property.PropertyType.GetGenericArguments() is [{ IsValueType: false } inner]
            && inner != typeof(string) ? inner : null;

    private static string Text(object? value, string numbers) => value switch
    {
        null => "",
        bool isSo => isSo ? "true" : "false",
        double number => number.ToString(numbers, CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(RunJsonView))]
[JsonSerializable(typeof(CompareDocument))]
[JsonSerializable(typeof(KernelsDocument))]
[JsonSerializable(typeof(KernelLine))]
[JsonSerializable(typeof(ExplorationJson[]))]
[JsonSerializable(typeof(ProgramJson))]
[JsonSerializable(typeof(LitmusJson[]))]
[JsonSerializable(typeof(TrackDocument))]
[JsonSerializable(typeof(GateDocument))]
[JsonSerializable(typeof(HdrLogRecord[]))]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(ReproductionJson))]
[JsonSerializable(typeof(FleetStatusJson))]
[JsonSerializable(typeof(FleetExplorationJson))]
internal sealed partial class RecordsJson : JsonSerializerContext;
