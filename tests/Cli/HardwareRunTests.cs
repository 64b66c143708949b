using System.Runtime.InteropServices;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>The real program on the MMUs that the processor walks. Where there is no KVM, its refusal is what is
/// tested.</summary>
public sealed class HardwareRunTests : IDisposable
{
    private const string Kvm = "/dev/kvm";
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("kvm", "kernel,workqueue")]
    [InlineData("host", "refcount2,mainline")]
    public void A_run_gives_table_figures_verdicts_and_what_the_kernel_saw(string mmu, string strategies)
    {
        LabExit lab = LabProcess.Run(_runs.Tiny("--mmu", mmu, "--strategy", strategies, "--chunk", "1MiB", "--duration", "1s"));
        if (Refused(mmu, lab)) return;
        Assert.Equal(0, lab.Code);
        foreach (string strategy in strategies.Split(','))
        {
            Assert.Matches($"{strategy}.* on memslot-churn on {mmu}: clean", lab.Words);
            Assert.Matches($"kernel counted for {strategy} on memslot-churn on {mmu}: [1-9]", lab.Words);
        }
        Assert.Contains($"memslot-churn on {mmu}: access", lab.Out);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal("1MiB", run.Manifest.Settings["chunk"]);
        Assert.Contains(run.Counters, row => row.Counter == "perf.task_clock" && row.Actor == "updater" && row.Value > 0);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(_runs.Path, Assert.Single(_runs.List()).Id, "figures"), "*.svg"));
    }

    [Theory]
    [InlineData("kvm")]
    [InlineData("host")]
    public void A_fast_zap_that_returns_early_ends_the_run_with_what_the_guest_read(string mmu)
    {
        LabExit lab =
            LabProcess.Run(_runs.Tiny("--mmu", mmu, "--strategy", "early-return", "--duration", "5s", "--rate", "200/s"));
        if (Refused(mmu, lab)) return;
        Assert.Equal(4, lab.Code);
        Assert.Contains("early-return BROKEN on memslot-churn", lab.Out);
        Violation stale = _runs.OpenOnly().Violations.First(one => one.Invariant == "I21");
        Assert.Matches(@"read gfn 0x[0-9a-f]+ through root#\d+ and found a frame freed in generation \d+: stale translation",
            stale.What);
    }

    [Theory]
    [InlineData("kvm")]
    [InlineData("host")]
    public void An_interrupt_gets_the_vcpus_out_and_keeps_what_was_measured(string mmu)
    {
        using LabProcess lab = LabProcess.Start("--mmu", mmu, "--strategy", "mainline", "--memory", "64MiB", "--runs", "1",
            "--duration", "60s", "--out", _runs.Path);
        if (mmu == "kvm" && !File.Exists(Kvm))
        {
            Assert.True(Refused(mmu, lab.End()));
            return;
        }
        lab.AwaitError("[1/1]");
        AwaitFolder();
        lab.Signal(PosixSignal.SIGINT);
        LabExit exit = lab.End();
        Assert.Equal(130, exit.Code);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal("interrupted", run.PartialReason);
        Assert.All(run.Manifest.Measurements, one => Assert.InRange(one.MeasuredS, 0, 59)); // far from the window's end
    }

    [Theory]
    [InlineData("--mmu kvm --kvm-device /dev/null",
        "/dev/null is not a KVM device; name one with --kvm-device, usually /dev/kvm.")]
    [InlineData("--mmu kvm --kvm-device /no/kvm", "There is no /no/kvm: load KVM")]
    [InlineData("--strategy kernel", "--strategy kernel is what the running kernel does and needs --mmu kvm, not radix.")]
    [InlineData("--strategy kernel --mmu host", "needs --mmu kvm, not host.")]
    [InlineData("--strategy one-thread --mmu host", "takes turns on one thread and needs --mmu radix, not host.")]
    [InlineData("--workload nx-recovery --mmu host",
        "takes single page tables apart, which only --mmu radix has of its own, not host.")]
    [InlineData("--mmu host --chunk 3MiB", "--chunk '3MiB'")]
    [InlineData("--mmu host --contexts 1", "--contexts '1'")]
    [InlineData("--mmu kvm --backing disk", "There is no --backing value 'disk'. There are")]
    public void What_cannot_be_is_one_sentence_and_writes_nothing(string arguments, string sentence)
    {
        LabExit lab = LabHere.Run([.. arguments.Split(' '), "--out", _runs.Path]);
        Assert.Equal(2, lab.Code);
        Assert.Contains(sentence, Assert.Single(lab.ErrorLines));
        Assert.Empty(lab.Out);
        Assert.False(Directory.Exists(_runs.Path) && Directory.EnumerateFileSystemEntries(_runs.Path).Any());
    }

    [Fact]
    public void Too_few_descriptors_are_a_sentence_with_the_remedy()
    {
        LabExit lab = LabProcess.RunIn("ulimit -n 180; exec \"$@\"", _runs.Tiny("--mmu", "kvm", "--contexts", "256"));
        if (Refused("kvm", lab)) return;
        Assert.Equal(2, lab.Code);
        Assert.Contains("raise 'ulimit -n' or lower --contexts or --vcpus", lab.ErrorLines[^1]);
    }

    private static bool Refused(string mmu, LabExit lab)
    {
        if (mmu != "kvm" || File.Exists(Kvm)) return false;
        Assert.Equal(2, lab.Code);
        Assert.Contains("use --mmu radix", lab.Error);
        return true;
    }

    private void AwaitFolder() => SpinWait.SpinUntil(() => Directory.Exists(_runs.Path) && Directory.EnumerateFiles(_runs.Path,
        "manifest.json", SearchOption.AllDirectories).Any(), TimeSpan.FromSeconds(20));
}
