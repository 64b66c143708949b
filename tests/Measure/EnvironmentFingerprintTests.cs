using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

public sealed class EnvironmentFingerprintTests
{
    private const string SomeCommit = "0123456789abcdef0123456789abcdef01234567";

    [Fact]
    public void It_describes_this_machine()
    {
        EnvironmentFingerprint fingerprint = EnvironmentFingerprint.Read();
        Assert.NotEmpty(fingerprint.Kernel);
        Assert.NotEmpty(fingerprint.OperatingSystem);
        Assert.Contains(".NET", fingerprint.DotNet, StringComparison.Ordinal);
        Assert.InRange(fingerprint.Limits.UsableCores, 1, fingerprint.Limits.AllowedCpus.Count);
        Assert.True(fingerprint.OnlineCpuCount >= fingerprint.Limits.AllowedCpus.Count);
        Assert.False(fingerprint.TieredCompilation, "the lab is built without it");
        Assert.Null(fingerprint.Commit);
        if (System.OperatingSystem.IsLinux())
        {
            Assert.InRange(fingerprint.Limits.AvailableMemoryBytes!.Value, 1, fingerprint.Limits.TotalMemoryBytes!.Value);
            Assert.NotNull(fingerprint.LoadAverage);
            Assert.NotNull(fingerprint.Clocksource);
        }
    }

    [Fact]
    public void A_commit_is_found_from_below_a_checkout()
    {
        using TemporaryFolder checkout = new();
        checkout.Write(".git/HEAD", "ref: refs/heads/main\n");
        checkout.Write(".git/refs/heads/main", SomeCommit + "\n");
        checkout.Write("rig/Measure/file", "");
        Assert.Equal(SomeCommit, GitCheckout.Commit(checkout.At("rig/Measure")));
        Assert.Equal(SomeCommit, EnvironmentFingerprint.Read(checkout.Path).Commit);
    }

    [Fact]
    public void A_detached_head_and_packed_references_are_found()
    {
        using TemporaryFolder checkout = new();
        checkout.Write(".git/HEAD", SomeCommit + "\n");
        Assert.Equal(SomeCommit, GitCheckout.Commit(checkout.Path));
        checkout.Write(".git/HEAD", "ref: refs/heads/topic\n");
        checkout.Write(".git/packed-refs", $"# pack-refs with: peeled\nffff refs/heads/main\n{SomeCommit} refs/heads/topic\n");
        Assert.Equal(SomeCommit, GitCheckout.Commit(checkout.Path));
    }

    [Fact]
    public void A_worktree_shares_its_branches_with_the_main_checkout()
    {
        using TemporaryFolder checkout = new();
        checkout.Write("main/.git/refs/heads/topic", SomeCommit + "\n");
        checkout.Write("main/.git/worktrees/wt/HEAD", "ref: refs/heads/topic\n");
        checkout.Write("main/.git/worktrees/wt/commondir", "../..\n");
        checkout.Write("wt/.git", $"gitdir: {checkout.At("main/.git/worktrees/wt")}\n");
        Assert.Equal(SomeCommit, GitCheckout.Commit(checkout.At("wt")));
    }

    [Fact]
    public void What_is_no_checkout_has_no_commit()
    {
        using TemporaryFolder folder = new();
        Assert.Null(GitCheckout.Commit(folder.Path));
        folder.Write(".git/HEAD", "ref: refs/heads/unborn\n");
        Assert.Null(GitCheckout.Commit(folder.Path));
    }

    [Theory]
    [InlineData("150000 100000", 1.5)]
    [InlineData("max 100000", null)]
    [InlineData("-1 100000", null)]
    [InlineData(" ", null)]
    [InlineData(null, null)]
    public void A_cpu_quota_is_cores_worth_of_time(string? text, double? expected) =>
        Assert.Equal(expected, MachineLimits.ParseCpuMax(text));

    [Fact]
    public void A_quota_below_the_core_count_limits_the_usable_cores()
    {
        MachineLimits limits = new([0, 1, 2, 3], 1.5, null, null);
        Assert.Equal(2, limits.UsableCores);
        Assert.Equal(4, (limits with { CpuQuota = null }).UsableCores);
        Assert.Equal(4, (limits with { CpuQuota = 64 }).UsableCores);
    }

    [Fact]
    public void Counters_grow_by_what_happened_in_between()
    {
        RuntimeCounters before = RuntimeCounters.Read();
        GC.Collect();
        RuntimeCounters grown = RuntimeCounters.Read().Since(before);
        Assert.True(grown.Gen2Collections >= 1 && grown.Gen0Collections >= grown.Gen2Collections);
        Assert.True(grown.GcPauseNanoseconds > 0);
        Assert.True(grown.StealNanoseconds is null or >= 0);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("lab-measure-").FullName;

        public string At(string relative) => System.IO.Path.Combine(Path, relative);

        public void Write(string relative, string text)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(relative))!);
            File.WriteAllText(At(relative), text);
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
