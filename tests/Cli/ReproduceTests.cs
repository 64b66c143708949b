using System.Text.Json;
using Lab.Application.Reproducing;
using Lab.Report.Claims;
using Lab.Report.Documents;
using Lab.Settings;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab reproduce</c>: how claims are judged, and that what is printed is what was measured.</summary>
public sealed class ReproduceTests : IDisposable
{
    private static readonly Claim TwoArms = new("H0", "Two is more than one", "twice as much", "nowhere", "nothing",
        [new ClaimArm("one", "one"), new ClaimArm("two", "two")], [new ClaimFigure("size", "", (_, _) => null)],
        [new Expectation("size", "two", "one", AtLeast: 1.5)]);

    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData(ClaimVerdict.Holds, true, "1 2", "1 1.5")]
    [InlineData(ClaimVerdict.DoesNotHold, false, "1 1.4", "2 2")]
    [InlineData(ClaimVerdict.CannotBeShown, null, "1 2", "1 1.4", "1 2")]
    [InlineData(ClaimVerdict.CannotBeShown, null, "1 -", "1 -")]
    [InlineData(ClaimVerdict.CannotBeShown, null, "0 0", "- -")]
    [InlineData(ClaimVerdict.Holds, true, "1 2", "- 2")]
    public void A_claim_holds_or_does_not_if_all_rounds_say_so(ClaimVerdict expected, bool? isMet, params string[] rounds)
    {
        ShownClaim shown = Reproduction.Judge(TwoArms, [.. rounds.Select(Round)], []);
        Assert.Equal((expected, isMet), (shown.Verdict, Assert.Single(shown.Expectations).IsMet));
        Assert.Equal(expected == ClaimVerdict.Holds, shown.Reason is null);
    }

    [Fact]
    public void What_is_shown_is_the_median_with_the_least_and_the_greatest_round()
    {
        ShownClaim shown = Reproduction.Judge(TwoArms, [Round("1 2"), Round("1 4"), Round("2 6")], ["two: fell over"]);
        Assert.Equal(new RoundsOf(3, 2, 4, 3), Assert.Single(shown.Expectations).Value);
        using StringWriter output = new();
        new TerminalWriter(output).Write(new ReproductionReport(DateTimeOffset.UnixEpoch, 2).Of(shown));
        string[] text = output.ToString().Split('\n');
        Assert.Contains("  yes: size, two ÷ one: 3× [2, 4], expected at least 1.5", text);
        Assert.Contains(text, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [.., "two", "4", "[2,", "6]"]);
        Assert.Contains("  ! two: fell over", text);
        Assert.All(text, line => Assert.True(line.Length <= TextGrid.Width, line));
    }

    [Fact]
    public void Every_claim_names_arms_and_figures_that_it_has_and_options_that_a_run_takes()
    {
        foreach (Claim claim in Claims.All)
        {
            Assert.Equal(claim.Arms.Count, claim.Arms.Select(arm => arm.Label).Distinct().Count());
            foreach (Expectation one in claim.Expectations)
            {
                Assert.Contains(claim.Figures, figure => figure.Name == one.Figure);
                Assert.Contains(claim.Arms, arm => arm.Label == one.Arm);
                if (one.Against is { } against) Assert.Contains(claim.Arms, arm => arm.Label == against);
                Assert.True(one.AtLeast is null != one.AtMost is null);
            }
            foreach (ClaimArm arm in claim.Arms)
            {
                Assert.NotNull(Lab.Application.Settings.RunRequest.Read(
                    ["--strategy", arm.Subject, "--workload", claim.Workload, .. arm.Options]));
            }
        }
    }

    [Fact]
    public void A_claim_is_measured_and_its_report_kept()
    {
        LabExit lab = LabProcess.Run("reproduce", "h8", "--rounds", "2", "--duration", "100ms", "--out", _runs.Path);
        Assert.True(lab.Code == 0, lab.Out + lab.Error);
        Assert.StartsWith("H8: ", lab.Out);
        string folder = Assert.Single(Directory.GetDirectories(_runs.Path));
        using JsonDocument kept = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "reproduction.json")));
        JsonElement claim = Assert.Single(kept.RootElement.GetProperty("claims").EnumerateArray());
        Assert.Equal(3, claim.GetProperty("figures").GetArrayLength());
        Assert.All(claim.GetProperty("figures").EnumerateArray(),
            figure => Assert.Equal(2, figure.GetProperty("value").GetProperty("rounds").GetInt32()));
        Assert.Contains("## H8: ", File.ReadAllText(Path.Combine(folder, "report.md")));
        Assert.Equal(6, Directory.GetDirectories(Path.Combine(folder, "runs")).Length);
    }

    [Theory]
    [InlineData("There is no claim 'H9'", "reproduce", "H9")]
    [InlineData("--format csv is not of this verb", "reproduce", "--format", "csv")]
    [InlineData("--rounds '1' is not", "reproduce", "--rounds", "1")]
    public void What_cannot_be_is_one_sentence(string complaint, params string[] arguments)
    {
        LabExit lab = LabHere.Run([.. arguments, "--out", _runs.Path]);
        Assert.Equal(2, lab.Code);
        Assert.Contains(complaint, Assert.Single(lab.ErrorLines));
        Assert.False(Directory.Exists(_runs.Path) && Directory.EnumerateFileSystemEntries(_runs.Path).Any());
    }

    private static double?[,] Round(string values)
    {
        double?[] read = [.. values.Split(' ').Select(one => one == "-" ? (double?)null
            : double.Parse(one, System.Globalization.CultureInfo.InvariantCulture))];
        return new double?[,] { { read[0] }, { read[1] } };
    }
}
