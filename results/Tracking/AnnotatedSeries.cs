using System.Text.Json.Serialization;

namespace Lab.Results.Tracking;

/// <summary>A series of one dimension and where people saw its level change, in the form of the Turing Change Point
/// Dataset.</summary>
/// <param name="Marks">By person: first indices of new levels.</param>
public sealed record AnnotatedSeries(string Name, IReadOnlyList<double> Values, IReadOnlyList<IReadOnlyList<int>> Marks)
{
    public const string Annotations = "annotations.json";

    /// <summary>Those of a folder that <see cref="Annotations"/> names and that have a file; series of several dimensions are
    /// left out.</summary>
    /// <exception cref="RunDamagedException">A file is something else; names file and line.</exception>
    public static IEnumerable<AnnotatedSeries> In(string folder)
    {
        string annotations = Path.Combine(folder, Annotations);
        Dictionary<string, Dictionary<string, IReadOnlyList<int>>> all =
            JsonFile.Read(annotations, AnnotatedJson.Default.DictionaryStringDictionaryStringIReadOnlyListInt32);
        foreach ((string name, Dictionary<string, IReadOnlyList<int>> people) in
            all.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            string file = Path.Combine(folder, name + ".json");
            if (Path.GetFileName(name) != name || !File.Exists(file)
                || JsonFile.Read(file, AnnotatedJson.Default.SeriesDocument) is not { Series: [{ Raw: var raw }] })
            {
                continue;
            }
            List<double> values = [];
            foreach (double? value in raw) values.Add(value ?? values.LastOrDefault()); // A missing value is the one before it.
            if (values.Count == 0) throw new RunDamagedException(file, null, "'series[0].raw' is empty; expected a point");
            if (people.Count == 0) throw new RunDamagedException(annotations, null,
                $"nobody has marked '{name}'; expected somebody");
            if (people.Values.SelectMany(marks => marks).FirstOrDefault(mark => mark >= values.Count) is var odd and > 0)
            {
                throw new RunDamagedException(annotations, null,
                    $"marks point {odd} of '{name}'; expected one below its {values.Count} points");
            }
            yield return new AnnotatedSeries(name, values, [.. people.Values]);
        }
    }
}

/// <summary>What a series' file must have.</summary>
internal sealed record SeriesDocument
{
    public required IReadOnlyList<SeriesDimension> Series { get; init; }
}

internal sealed record SeriesDimension
{
    [Between(-Domain.NumberMax)]
    public required IReadOnlyList<double?> Raw { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, IReadOnlyList<int>>>))]
[JsonSerializable(typeof(SeriesDocument))]
internal sealed partial class AnnotatedJson : JsonSerializerContext;
