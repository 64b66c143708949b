using System.CommandLine;
using Lab.Application;
using Lab.Report.Documents;
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
        command.SetAction(parsed => Verb.Guarded(console, () => Print(parsed.GetValue(folder)!, console.Text)));
        return command;
    }

    private static int Print(string folder, TerminalWriter to)
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

        Column[] columns = ["series", .. Column.Numbers("points", "F1", "covering", "precision", "recall")];
        static IReadOnlyList<Cell> Row(string name, Cell points, params double[] values) =>
            [name, points, .. values.Select(value => Cell.Number(value, "0.000"))];
        double Mean(Func<ChangePointScore, double> of) => scores.Average(one => of(one.Score));
        to.Write(new Document("lab track score")
        {
            Parts =
            [
                new Table(columns, [.. scores.Select(one => Row(one.Name, Cell.Count(one.Points), one.Score.F1,
                    one.Score.Covering,
                    one.Score.Precision, one.Score.Recall)),
                    Row("mean", "", Mean(one => one.F1), Mean(one => one.Covering), Mean(one => one.Precision), Mean(one =>
                        one.Recall))]),
                new Table(["published, TCPDBench", .. Column.Numbers("F1", "covering")],
                    [.. Published.Select(one => (IReadOnlyList<Cell>)[one.Name, Cell.Number(one.F1, "0.000"),
                        Cell.Number(one.Covering, "0.000")])]),
                new Prose("Margin 5. Published: default parameters, over all univariate series of the benchmark, of which "
                    + "these are "
                    + "the redistributable ones; compare within a table."),
            ],
        });
        return ExitCode.Fine;
    }
}
