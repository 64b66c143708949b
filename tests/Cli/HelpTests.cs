using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Cli.Explore;
using Lab.Settings;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What <c>--help</c> says, and in which order.</summary>
public sealed class HelpTests
{
    private static string Help(params string[] arguments)
    {
        LabExit lab = LabHere.Run(arguments);
        Assert.Equal((0, ""), (lab.Code, lab.Error));
        Assert.All(lab.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        return lab.Out;
    }

    private static string[] Options(string help) =>
        [.. help.Split('\n').Where(line => line.StartsWith("--", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])];

    private static int At(string heading, string help)
    {
        int at = help.IndexOf($"\n{heading}\n", StringComparison.Ordinal);
        Assert.True(at >= 0, $"no heading '{heading}' in\n{help}");
        return at;
    }

    private static IEnumerable<string> Seen(IEnumerable<Setting> settings) =>
        settings.Where(setting => !setting.IsHidden).Select(setting => setting.Option);

    [Fact]
    public void Verbs_come_first_then_the_options_that_most_runs_need_on_one_screen()
    {
        string help = Help("--help");
        Assert.True(help.TrimEnd().Split('\n').Length <= 40, help);
        Assert.True(At("Verbs", help) < At("Options", help));
        Assert.Matches(@"\nrun +measure", help);
        Assert.Matches(@"\ncompletion +completes names", help);
        Assert.DoesNotContain("\nwatch ", help);
        Assert.Equal(["--duration", "--format", "--help", "--help-all", "--memory", "--mmu", "--out", "--runs", "--strategy",
            "--vcpus", "--version", "--workload"], Options(help).Order());
        Assert.Contains("lab --help-all", help);
    }

    [Theory]
    [InlineData("--help-all")]
    [InlineData("run", "--help")]
    public void All_options_of_a_run_stand_once_each_under_the_heading_of_their_group(params string[] arguments)
    {
        string help = Help(arguments);
        Assert.Equal(Seen(RunSettings.All),
            Options(help).Where(name => !name.StartsWith("--help", StringComparison.Ordinal) && name != "--version"));
        int[] headings = [.. RunSettings.Groups.Select(group => At(group.HeadingOf(""), help))];
        Assert.Equal(headings.Order(), headings);
        Assert.Matches(@"\n--storm-pages +4 KiB pages", help);
        Assert.Contains("[default: 256MiB]", help);
    }

    [Fact]
    public void A_verb_has_its_own_options_first_and_its_own_defaults()
    {
        string help = Help("compare", "--help");
        Assert.StartsWith("is B slower than A?", help);
        Assert.Contains("\nUsage: lab compare [arms …] [options]\n", help);
        Assert.True(At("Options", help) < At("What is measured", help));
        Assert.Equal(Seen([.. CompareSettings.Group.Settings, .. CompareSettings.OfRuns]).Append("--help").Order(),
            Options(help).Order());
        Assert.Contains("[default: 8MiB]", help);
        Assert.DoesNotContain("256MiB]", help);
        Assert.Equal(Seen(ExplorationSettings.Group.Settings).Append("--help").Order(), Options(Help("explore", "-h")).Order());
        Assert.Contains("Usage: lab track gate [options]", Help("track", "gate", "--help"));
        Assert.Contains("\ngate ", Help("track", "--help"));
        Assert.Contains("--rounds", Help("bench", "--help"));
    }
}
