using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Lab.Application;
using Lab.Report;
using Lab.Results;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track score</c>: how well the detector agrees with people, on series in the form of the Turing Change Point
/// Dataset: a JSON file per series and <c>annotations.json</c>. Series of several dimensions are left out; the lab tracks
/// numbers.</summary>
internal static class TrackScore
{
    private const string Annotations = "annotations.json";

    /// <summary>Covering and F1 that TCPDBench publishes for the univariate series with default parameters (van den Burg,
    /// Williams 2020, table 1). Over its full set, of which the redistributable files are a part: a line to hold ours against,
    /// not a race.</summary>
    private static readonly (string Name, double Covering, double F1)[] Published =
    [
        ("binseg", 0.706, 0.744), ("amoc", 0.702, 0.704), ("pelt", 0.689, 0.710), ("segneigh", 0.676, 0.676),
        ("bocpd", 0.636, 0.690),
        ("zero (finds nothing)", 0.583, 0.669), ("cpnp", 0.535, 0.607), ("ecp", 0.523, 0.598),
    ];

    public static Command Build(LabConsole console)
    {
        Argument<string> folder = new("folder")
            { Description = "holds annotations.json and a file per series, as the Turing Change Point Dataset does" };
        Command command = new("score", "how well change points agree with annotated series (TCPD)");
        command.Arguments.Add(folder);
        command.SetAction(parsed => Verb.Guarded(console, () => Print(parsed.GetValue(folder)!, console.Out)));
        return command;
    }

    private static int Print(string folder, TextWriter to)
    {
        if (!File.Exists(Path.Combine(folder, Annotations))) throw new UsageException(
            $"'{folder}' has no {Annotations}; name the folder of the Turing Change Point Dataset's series.");
        List<(string Name, int Points, ChangePointScore Score)> scores = [];
        using JsonDocument annotations = Parse(Path.Combine(folder, Annotations));
        foreach (JsonProperty one in annotations.RootElement.EnumerateObject().OrderBy(one => one.Name, StringComparer.Ordinal))
        {
            string file = Path.Combine(folder, one.Name + ".json");
            if (!File.Exists(file) || Values(file) is not { } values) continue;
            int[] found = [.. ChangePointDetector.Find(values).Select(change => change.Index)];
            int[][] marks = [.. one.Value.EnumerateObject()
                .Select(person => person.Value.EnumerateArray().Select(mark => mark.GetInt32()).ToArray())];
            scores.Add((one.Name, values.Length, ChangePointScore.Of(found, marks, values.Length)));
        }
        if (scores.Count == 0) throw new UsageException($"'{folder}' has no series of one dimension that {Annotations} names.");

        TextGrid grid = new(["series", "points", "F1", "covering", "precision", "recall"], [26, 8, 8, 8, 9, 8]);
        foreach ((string name, int points, ChangePointScore score) in scores)
        {
            grid.Add(name, points.ToString(CultureInfo.InvariantCulture), Three(score.F1), Three(score.Covering),
                Three(score.Precision), Three(score.Recall));
        }
        grid.Add("mean", "", Three(scores.Average(one => one.Score.F1)), Three(scores.Average(one => one.Score.Covering)),
            Three(scores.Average(one => one.Score.Precision)), Three(scores.Average(one => one.Score.Recall)));
        foreach (string line in grid.Lines) to.WriteLine(line);
        to.WriteLine();
        TextGrid others = new(["published, TCPDBench", "", "F1", "covering"], [26, 8, 8, 8]);
        foreach ((string name, double covering, double f1) in Published) others.Add(name, "", Three(f1), Three(covering));
        foreach (string line in others.Lines) to.WriteLine(line);
        foreach (string line in TextGrid.Wrap("Margin 5. Published: default parameters, over all univariate series of the "
            + "benchmark, of which these are the redistributable ones; compare within a table.", TextGrid.Width))
        {
            to.WriteLine(line);
        }
        return ExitCode.Fine;
    }

    /// <summary>Null for a series of several dimensions, or a file of something else. A missing value is the one before
    /// it.</summary>
    private static double[]? Values(string file)
    {
        using JsonDocument document = Parse(file);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("series", out JsonElement series) || series.GetArrayLength() != 1)
        {
            return null;
        }
        List<double> values = [];
        foreach (JsonElement raw in series[0].GetProperty("raw").EnumerateArray())
        {
            values.Add(raw.ValueKind == JsonValueKind.Number ? raw.GetDouble() : values.Count > 0 ? values[^1] : 0);
        }
        return [.. values];
    }

    /// <exception cref="RunDamagedException">Not JSON.</exception>
    private static JsonDocument Parse(string file)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllText(file));
        }
        catch (JsonException error)
        {
            throw new RunDamagedException(file, error.LineNumber + 1, "not JSON, as a series and its annotations must be", error);
        }
    }

    private static string Three(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
