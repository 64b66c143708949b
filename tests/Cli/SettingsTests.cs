using FsCheck;
using FsCheck.Fluent;
using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Cli.Explore;
using Lab.Results.Tracking;
using Lab.Settings;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What follows from a setting's one declaration.</summary>
public sealed class SettingsTests
{
    /// <summary>What does not matter to the hash of settings.</summary>
    private static readonly string[] Immaterial = ["strategy", "workload", "runs", "seed", "out", "format", "plugin"];

    /// <summary>What a manifest of commit daf7b5a says where nothing was given but vCPUs.</summary>
    private const string Plain =
        "duration=3s fifo-priority=49 format=table grace=1ms insert=head kernel-trace=auto memory=256MiB mmu=radix "
            + "operation=delete out=results/runs pages=4KiB "
        + "pause=none perf=auto pin=auto plugin=none quiet=none rate=closed_loop refill=all runs=3 seed=1 slots=0 speed=original "
            + "steady-limit=1s storm-pages=512 "
        + "storm-where=slot strategy=workqueue trace=none updates=20/s vcpus=1 warmup=500ms warmup-limit=30s watch=on "
            + "watchdog=10s workers=1 "
        + "workload=memslot-churn yield=contended zap-passes=source";

    private const string OfHardware =
        "backing=shared chunk=16MiB contexts=64 dirty=log drop=madvise kvm-device=/dev/kvm userfault=off zap-all=on";

    private const string Tiny = "--memory 4MiB --warmup 10ms --watch off --steady-limit 0s --vcpus 1 --duration 20ms --runs 1";

    private static IEnumerable<Setting> All =>
        [.. RunSettings.All, .. CompareSettings.Group.Settings, .. ExplorationSettings.Group.Settings];

    public static TheoryData<string> Names => [.. All.Select(NameOf)];

    private static string NameOf(Setting setting) =>
        CompareSettings.Group.Settings.Contains(setting) ? $"compare {setting}"
        : ExplorationSettings.Group.Settings.Contains(setting) ? $"explore {setting}" : $"run {setting}";

    /// <summary>The defaults, and the ends and words of what can be given.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_setting_prints_it_reads(string name)
    {
        Setting setting = All.Single(one => NameOf(one) == name);
        object form = setting.GetType().GetProperty("Form")!.GetValue(setting)!;
        System.Collections.IEnumerable corners =
            (System.Collections.IEnumerable)form.GetType().GetProperty("Corners")!.GetValue(form)!;
        object?[] values = [setting.ReadDefault(), .. corners.Cast<object?>()];
        foreach (object? value in values)
        {
            string text = setting.Write(value);
            object? read = setting.GetType().GetMethod("Parse")!.Invoke(setting, [text]);
            if (value is string or ValueType or null) Assert.Equal(value, read);
            Assert.Equal(text, setting.Write(read));
            Assert.True(setting.MeansTheSame(text, text));
        }
    }

    [Fact]
    public void Every_kind_of_value_comes_back_as_it_was()
    {
        ComesBack(Form.Whole(-5, 1_000_000), Gen.Choose(-5, 1_000_000));
        ComesBack(Form.Whole(1, 256).Or("auto", 0), Gen.Choose(0, 256));
        ComesBack(Form.Bytes(), Gen.Choose(1, int.MaxValue).Select(one => (long)one * 1027));
        ComesBack(Form.Duration(TimeSpan.Zero, TimeSpan.FromDays(1)),
            Gen.Choose(0, int.MaxValue).Select(one => TimeSpan.FromTicks(one * 401L)));
        ComesBack(Form.Rate, Gen.Choose(1, 100_000_000).Select(one => one / 100.0));
        ComesBack(Form.Rate.OrNone("none").Or("max", 0), Gen.Choose(1, 100_000_000).Select(one => (double?)(one / 100.0)));
        ComesBack(Form.Share(1000), Gen.Choose(0, 1_000_000).Select(one => one / 1000.0 / 100));
        ComesBack(Form.Seed, Gen.Choose(0, int.MaxValue).Select(one => (ulong)one * 8_589_934_597));
    }

    [Theory]
    [InlineData("", "5504ee33e8fa", "")]
    [InlineData("--memory 16MiB --warmup 20ms --rate 150/s --grace 2ms --yield after:7 --operation mix --refill none",
        "7e92c6f210e2",
        "memory=16MiB warmup=20ms rate=150/s grace=2ms yield=after:7 operation=mix refill=none")]
    [InlineData("--workload fault-storm --updates max --storm-where outside --storm-pages 64 --pause fast-zap=200us,detached=1us "
        + "--refill 17 --seed 7", "ed7c99c42254",
        "workload=fault-storm updates=max storm-where=outside storm-pages=64 pause=fast-zap=200000ns,detached=1000ns "
            + "refill=17 seed=7")]
    [InlineData("--workload fault-storm --updates 12.5 --workers 3 --zap-passes coarse --insert tail --pin off --yield off",
        "9d745d378dd6",
        "workload=fault-storm updates=12.5/s workers=3 zap-passes=coarse insert=tail pin=off yield=off")]
    [InlineData("--workload vmm-trace --trace seabios-q35-vga --speed max --quiet pin,idle --pages 2MiB", "60a47750fea9",
        "workload=vmm-trace trace=seabios-q35-vga speed=max quiet=pin,idle pages=2MiB")]
    [InlineData("--mmu host --memory 8MiB --chunk 1MiB --contexts 16 --perf off --kernel-trace off --slots 3", "74489442ea0e",
        OfHardware + " mmu=host memory=8MiB chunk=1MiB contexts=16 perf=off kernel-trace=off slots=3")]
    [InlineData("--mmu host --memory 8MiB --drop punch --backing shared --dirty ring --zap-all on --quiet all --fifo-priority 40",
        "3ff83cf96ef2",
        OfHardware + " mmu=host memory=8MiB drop=punch dirty=ring quiet=pin,idle,fifo fifo-priority=40")]
    [InlineData("--strategy mainline,refcount2 --workload memslot-churn,last-put --watch on --inject 12.5% --format csv "
        + "--steady-limit 50ms --warmup-limit 10ms --warmup 30ms",
        "355327e278eb",
        "strategy=mainline,refcount2 workload=memslot-churn,last-put watch=on inject=12.5% format=csv steady-limit=50ms "
            + "warmup-limit=30ms warmup=30ms")]
    public void Settings_and_their_hash_are_those_of_earlier_versions(string arguments, string hash, string settings)
    {
        string[] own = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] tiny = [.. Tiny.Split(' ').Chunk(2).Where(pair => !own.Contains(pair[0])).SelectMany(pair => pair)];
        IReadOnlyDictionary<string, string> described = RunRequest.Read([.. tiny, .. own]).Describe();
        Dictionary<string, string> expected =
            Read($"{Plain} memory=4MiB warmup=10ms watch=off steady-limit=0ms duration=20ms runs=1 {settings}");
        Assert.Equal(expected.OrderBy(one => one.Key, StringComparer.Ordinal),
            described.OrderBy(one => one.Key, StringComparer.Ordinal));
        Assert.Equal(hash, Fingerprint.Of(described, Immaterial));
    }

    [Fact]
    public void What_does_not_matter_to_the_hash_is_what_never_did() =>
        Assert.Equal(Immaterial.Order(),
            RunSettings.All.Where(setting => !setting.Matters).Select(setting => setting.Name).Order());

    [Fact]
    public void Defaults_are_those_of_earlier_versions() =>
        Assert.Equal(
            Read(Plain).OrderBy(one => one.Key, StringComparer.Ordinal),
            RunRequest.Read(["--vcpus", "1"]).Describe().OrderBy(one => one.Key, StringComparer.Ordinal));

    [Fact]
    public void A_setting_that_means_nothing_here_is_named()
    {
        RunRequest request =
            RunRequest.Read(["--workload", "memslot-churn", "--storm-pages", "8", "--operation", "move", "--chunk", "1MiB"]);
        Assert.Equal(["--storm-pages", "--chunk"], request.Idle().Select(setting => setting.Option));
        Assert.Empty(
            RunRequest.Read(["--workload", "fault-storm,memslot-churn", "--storm-pages", "8", "--operation", "move"]).Idle());
    }

    private static void ComesBack<T>(Form<T> form, Gen<T> values) =>
        Prop.ForAll(values.ToArbitrary(),
            value => EqualityComparer<T>.Default.Equals(value, form.Parse("--x", form.Print(value))))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(2026, 1121));

    /// <summary>Names and values; the last of a name counts. A blank in a value is written as an underscore.</summary>
    private static Dictionary<string, string> Read(string settings)
    {
        Dictionary<string, string> read = [];
        foreach (string[] one in settings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('=', 2)))
        {
            read[one[0]] = one[1].Replace('_', ' ');
        }
        return read;
    }
}
