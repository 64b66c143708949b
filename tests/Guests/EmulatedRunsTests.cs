using Lab.Measure;
using Lab.Results;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Guests;

/// <summary>Runs of an emulated processor: their counts and verdicts are shown, their times are neither shown nor
/// compared.</summary>
public sealed class EmulatedRunsTests : IDisposable
{
    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private static Manifest Emulated(Manifest manifest) =>
        manifest with { GitDirty = false, Machine = manifest.Machine with { Emulated = true } };

    [Fact]
    public void Times_are_not_shown()
    {
        string run = _runs.Folder("runs", [1e6], Emulated);
        LabExit lab = LabHere.Run("report", run, "--out", _runs.Beside("runs"));
        Assert.Equal(0, lab.Code);
        Assert.Contains("EMULATED", lab.Out);
        Assert.Contains("done in the window", lab.Out);
        Assert.DoesNotContain("p50", lab.Out);
        Assert.DoesNotMatch(@"\d (ns|µs|ms)\b", lab.Out);
        string page = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.DoesNotContain("percentiles", page);
    }

    [Fact]
    public void They_are_not_compared_by_time_with_anything()
    {
        string emulated = _runs.Folder("a", [1e6], Emulated), real = _runs.Folder("b", [1e6]);
        foreach (string[] arms in (string[][])[[emulated, real], [real, emulated]])
        {
            LabExit lab = LabHere.Run(["compare", .. arms, "--out", _runs.Out]);
            Assert.Equal(2, lab.Code);
            Assert.Contains("emulated processor, whose times mean nothing", lab.Error);
        }
    }

    [Fact]
    public void They_join_no_history()
    {
        using TrackedHistories histories = new();
        _runs.Folder("runs", [1e6], Emulated);
        LabExit lab = histories.Track("add", "--out", _runs.Beside("runs"));
        Assert.Equal(2, lab.Code);
        Assert.Contains("emulated processor, whose times mean nothing; left out", lab.Error);
        Assert.False(File.Exists(histories.Path));
    }

    [Fact]
    public void The_emulator_is_told_by_its_name_alone()
    {
        Assert.True(EmulatedProcessor.IsEmulators("TCGTCGTCGTCG"u8));
        Assert.False(EmulatedProcessor.IsEmulators("KVMKVMKVM\0\0\0"u8));
        Assert.False(EmulatedProcessor.IsHere(), "the tests run on an emulated processor");
    }

    [Theory]
    [InlineData("compare --kernel a", "give it twice")]
    [InlineData("compare --kernel a --kernel b mainline", "of arms and of options")]
    [InlineData("compare --kernel a --kernel b --blocks 3", "of arms and of options")]
    [InlineData("compare --kernel a --kernel b --format mmtests", "has times, and --kernel compares counts")]
    [InlineData("compare --kernel a --kernel b --mmu radix", "leave out --mmu")]
    [InlineData("compare --processor nested mainline workqueue", "--processor is for the guests")]
    [InlineData("guest trace --as mainlin", "Did you mean 'mainline'?")]
    [InlineData("guest trace --operation delet", "Did you mean 'delete'?")]
    public void What_does_not_go_with_kernels_is_refused(string typed, string why)
    {
        LabExit lab = LabHere.Run(typed.Split(' '));
        Assert.Equal(2, lab.Code);
        Assert.Contains(why, lab.Error);
    }
}
