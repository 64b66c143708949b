using Lab.Measure;
using Lab.Results;
using Lab.Tests.Measure;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Watch;

/// <summary>Who had the cores: the lab itself or others, from what /proc said on a machine of two cores.</summary>
public sealed class CoreShareTests : IDisposable
{
    private const int Watcher = 77;

    private readonly FakeMachine _machine = new FakeMachine().With("/proc/self/status", "Cpus_allowed_list:\t0-1\n");
    private long _seconds;

    public void Dispose() => _machine.Dispose();

    /// <summary>As many actors as cores, a strategy's workers and the watch beside them: an idle machine is busy all the time,
    /// and with nobody else's work.</summary>
    [Theory]
    [InlineData(600, 0, 590, 10, 0.0)]   // vCPU and updater spin, the watcher looks now and then
    [InlineData(590, 10, 588, 2, 0.0)]   // somebody sleeps for a moment
    [InlineData(600, 0, 590, 5, 0.0083)] // the kernel has some work too
    [InlineData(600, 0, 300, 0, 0.5)]    // somebody else has a core
    [InlineData(310, 290, 300, 0, 0.0167)]
    [InlineData(620, 0, 598, 0, 0.0033)] // sampled, and more than there was
    public void Others_have_what_neither_the_lab_nor_idleness_has(int busy, int idle, int own, int watch, double share)
    {
        CoreShare cores = new([Watcher], _machine.Files, () => _seconds * 1_000_000_000);
        Set(0, 0, 0, 0);
        cores.Begin();
        _seconds += 3;
        Set(busy, idle, own, watch);
        cores.End();
        Assert.Equal(share, cores.Others!.Value, 4);
    }

    /// <summary>What others do between two turns, such as the other arm's process, is nobody's business.</summary>
    [Fact]
    public void Only_what_lies_between_a_beginning_and_an_end_counts()
    {
        CoreShare cores = new([], _machine.Files, () => _seconds * 1_000_000_000);
        int busy = 0, own = 0;
        for (int turn = 0; turn < 5; turn++)
        {
            Set(busy, 0, own, 0);
            cores.Begin();
            _seconds++;
            Set(busy += 200, 0, own += 196, 0);
            cores.End();
            _seconds++;
            busy += 200; // others' turn
        }
        Assert.Equal(0.02, cores.Others!.Value, 4);
    }

    [Fact]
    public void A_machine_that_does_not_say_leaves_it_open()
    {
        CoreShare cores = new([], _machine.Without("/proc/stat").Files, () => _seconds);
        cores.Begin();
        cores.End();
        Assert.Null(cores.Others);
    }

    [Theory]
    [InlineData(0.4, 2, "1", "; 1 vCPU would fit 3 cores.")]
    [InlineData(0.4, 2, "4", "; 4 vCPUs would fit 6 cores.")]
    [InlineData(0.4, 4, "4", "; --vcpus 2 would fit.")]
    [InlineData(0.005, 2, "1", null)]
    public void A_machine_too_small_for_the_load_is_told_in_a_line_with_what_would_fit(
        double share, int cores, string vcpus, string? fits)
    {
        RunRecord run = new()
        {
            Folder = "", Summary = [], Undisturbed = [],
            Manifest = SampleRun.Manifest with
            {
                Machine = SampleRun.Manifest.Machine with { Cores = cores },
                Settings = new Dictionary<string, string> { ["vcpus"] = vcpus },
                Measurements = [new Measurement { Strategy = "mainline", Workload = "memslot-churn", Mmu = "radix",
                    OwnWaits = share }],
            },
        };
        string line = $"small machine: up to 40 % of the samples waited for a core that the lab's own threads had, on {cores} ";
        Assert.Equal(fits is null ? null : $"{line}cores{fits}", Crowding.Of([run]));
        Assert.Empty(Contamination.Of(run));
    }

    private void Set(int busy, int idle, int own, int watch)
    {
        static string Process(string name, int time) =>
            $"1 ({name}) R 1 1 1 0 -1 0 0 0 0 0 {time - (time / 3)} {time / 3} 0 0 20 0 1\n";
        string Cpu(int cpu, int of) => $"cpu{cpu} {of - (of / 2)} 0 {of / 2} {idle / 2} 0 0 0 0 0 0\n";
        _ = _machine.With("/proc/stat", $"cpu  1 2 3 4 5 6 7 8 9 10\n{Cpu(0, busy / 2)}{Cpu(1, busy - (busy / 2))}")
            .With("/proc/self/stat", Process("a lab) (", own)).With($"/proc/{Watcher}/stat", Process("watch", watch));
    }
}
