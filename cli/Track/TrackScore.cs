using System.CommandLine;
using System.Globalization;
using Lab.Application;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track score</c>: how well the detector agrees with people, on series in the form of the Turing Change Point
/// Dataset: a JSON file per series and <c>annotations.json</c>. Series of several dimensions are left out; the lab tracks
/// numbers.</summary>
internal static class TrackScore
{
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
        if (!File.Exists(Path.Combine(folder, AnnotatedSeries.Annotations))) throw new UsageException($"'{folder}' has no "
            + $"{AnnotatedSeries.Annotations}; name the folder of the Turing Change Point Dataset's series.");
        List<(string Name, int Points, ChangePointScore Score)> scores = [];
        foreach (AnnotatedSeries one in AnnotatedSeries.In(folder))
        {
            int[] found = [.. ChangePointDetector.Find(one.Values).Select(change => change.Index)];
            scores.Add((one.Name, one.Values.Count, ChangePointScore.Of(found, one.Marks, one.Values.Count)));
        }
        if (scores.Count == 0) throw new UsageException(
            $"'{folder}' has no series of one dimension that {AnnotatedSeries.Annotations} names.");

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

    private static string Three(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
