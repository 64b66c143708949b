using System.Globalization;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab track score</c> on a small made-up dataset in the Turing Change Point Dataset's form.</summary>
public sealed class TrackScoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Found_points_are_scored_against_people_and_stand_beside_what_is_published()
    {
        double[] step = new Simulated(31).Series(80, 0, isLognormal: false, spread: 0.01, step: 40, change: 0.2);
        Write("step.json", Series(step));
        Write("quiet.json", Series([.. Enumerable.Repeat(5.0, 50)]));
        Write("two.json", """{"series": [{"raw": [1, 2]}, {"raw": [3, 4]}]}""");
        Write("annotations.json",
            """{"quiet": {"6": []}, "step": {"6": [40], "7": [41]}, "two": {"6": [1]}, "absent": {"6": []}}""");

        LabExit lab = Score();

        Assert.Equal((0, ""), (lab.Code, lab.Error));
        Assert.Matches(@"(?m)^step +80 +1\.000 +0\.9\d\d +1\.000 +1\.000", lab.Out);
        Assert.Matches(@"(?m)^quiet +50 +1\.000 +1\.000", lab.Out);
        Assert.Matches(@"(?m)^mean +1\.000 ", lab.Out);
        Assert.DoesNotContain("two ", lab.Out);
        Assert.Matches(@"(?m)^binseg +0\.744 +0\.706", lab.Out);
        Assert.All(lab.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void A_folder_of_something_else_and_a_damaged_file_are_refused_by_name()
    {
        LabExit empty = Score();
        Assert.Equal(2, empty.Code);
        Assert.Contains("has no annotations.json", empty.Error);

        Write("annotations.json", """{"step": {"6": [40]}}""");
        Write("step.json", "{\n\"series\": [");
        LabExit damaged = Score();
        Assert.Equal(2, damaged.Code);
        Assert.Contains("step.json', line 2", damaged.Error);
    }

    private LabExit Score() => LabHere.Run("track", "score", _folder.Path);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.Path, name), text);

    private static string Series(double[] values) =>
        $$"""{"name": "made up", "series": [{"label": "V1", "raw": [{{string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}}]}]}""";
}
