using System.Reflection;
using Lab.Mmu;
using Lab.Results;
using Lab.Strategies.Ageing;
using Lab.Strategies.Roots;
using Lab.Strategies.Roots.Broken;
using Lab.Workloads;

namespace Lab.Application.Reproducing;

/// <summary>The claims of reference 13.x, as a table of contents. Bounds are for the shape, not for the numbers: what was
/// measured with a hundred cores on other hardware is compared with itself here.</summary>
public static class Claims
{
    private const double Median = 0.5, Tail = 0.99;
    private const int SmallPages = 2048, LargePages = 16384;
    private const string Growth = "put p50 per page mapped, from 8 to 64 MiB";
    private static readonly string SmallPut = $"put.pages_{SmallPages}", LargePut = $"put.pages_{LargePages}";

    public static IReadOnlyList<Claim> All { get; } =
    [
        new("H1", "Where the last put zaps, its stall grows with the memory mapped",
            "a vCPU's last put stalled for 485 s (32 TiB) and 900 s (64 TiB); with the worker for less than 100 ms",
            "v2 24/30 and 26/30, 2021-12; Bonzini, 2022-03-05; reference 13.1",
            NameOf(typeof(LastPut<>)),
            [Arm(typeof(Baseline<>)), Arm(typeof(SecondList<>)), Arm(typeof(Workqueue<>)), Arm(typeof(Mainline<>))],
            [
                new(Growth, "ns", (run, _) =>
                    (Quantile(run, LargePut, Median) - Quantile(run, SmallPut, Median)) / (LargePages - SmallPages)),
                new("put p50, 64 MiB", "ns", (run, _) => Quantile(run, LargePut, Median)),
            ],
            [
                new(Growth, Name(typeof(Baseline<>)), null, AtLeast: 3),
                new(Growth, Name(typeof(SecondList<>)), null, AtLeast: 3),
                new(Growth, Name(typeof(Workqueue<>)), null, AtMost: 1.5),
                new(Growth, Name(typeof(Mainline<>)), null, AtMost: 1.5),
            ])
        {
            Limits = "64 MiB stand for terabytes: growth is shown, not the stall itself",
        },

        new("H2", "How long a zap cannot yield depends on what one of its steps takes down",
            "a top-level entry per step kept mmu_lock for seconds, 1 GiB for 100 ms and less, 4 KiB for hundreds of times less",
            "v4 23/30; 8ca983631f3c, Linux 6.9; reference 13.2 and 13.3",
            NameOf(typeof(ZapGranularity<>)),
            [
                Arm(typeof(Mainline<>), "4 KiB", [.. Steps, "fine"]), Arm(typeof(Mainline<>), "2 MiB", [.. Steps, "2m"]),
                Arm(typeof(Mainline<>), "1 GiB", [.. Steps, "coarse"]), Arm(typeof(Mainline<>), "root", [.. Steps, "root"]),
            ],
            [
                new("longest section p50", "ns", (run, arm) => Quantile(run, SectionOf(arm), Median)),
                new("update p50", "ns", (run, _) => Quantile(run, "update", Median)),
            ],
            [
                new("longest section p50", Step("2 MiB"), Step("4 KiB"), AtLeast: 10),
                new("longest section p50", Step("1 GiB"), Step("2 MiB"), AtLeast: 10),
                new("longest section p50", Step("root"), Step("1 GiB"), AtLeast: 1.2),
            ])
        {
            Limits = "2 GiB of guest memory: an entry of the root, which covers 512 GiB, takes down two of 1 GiB",
        },

        new("H3", "Workers that zap delay threads that have nothing to do with the VM; a caller that zaps does not",
            "all CPUs were busy for 8 ms per memslot delete, 50 ms in an older kernel; audio skipped",
            "0df9dab891ff, Linux 6.6; reference 13.4",
            NameOf(typeof(Bystander<>)),
            [
                Arm(typeof(Workqueue<>), "4 workers", [.. Zaps, "--workers", "4"]), Arm(typeof(Mainline<>), "caller", [.. Zaps]),
            ],
            [
                new("wake-up during an update, p99", "ns", (run, _) => Quantile(run, "wakeup.updating", Tail)),
                new("wake-up p99", "ns", (run, _) => Quantile(run, "wakeup", Tail)),
                new("update p50", "ns", (run, _) => Quantile(run, "update", Median)),
            ],
            [
                new("wake-up p99", $"{Name(typeof(Workqueue<>))}, 4 workers", $"{Name(typeof(Mainline<>))}, caller", AtLeast: 1),
            ])
        {
            Limits = "workers that were to shorten the update beside each other run one after another where cores are few",
        },

        new("H4", "Where vCPUs load roots one after another they queue after each fast zap",
            "the worst load took 3 ms and more with 100 vCPUs, 200 µs with 24; under the shared lock 100 µs and 10 µs",
            "Christopherson, 2024-01-11, cover; Linux 6.9; reference 13.5",
            NameOf(typeof(ReloadConvoy<>)),
            [
                Arm(typeof(Mainline<>), "exclusive", "--root-load", "exclusive", "--vcpus", "8"),
                Arm(typeof(Mainline<>), "shared", "--root-load", "shared", "--vcpus", "8"),
            ],
            [
                new("reload p50", "ns", (run, _) => Quantile(run, "reload", Median)),
                new("reload p99", "ns", (run, _) => Quantile(run, "reload", Tail)),
                new("convoy p50", "ns", (run, _) => Quantile(run, "convoy", Median)),
            ],
            [new("reload p99", $"{Name(typeof(Mainline<>))}, exclusive", $"{Name(typeof(Mainline<>))}, shared", AtLeast: 1)])
        {
            Limits = "8 vCPUs stand for a hundred, and wait for cores as well as for each other",
        },

        new("H5", "With one vCPU, unloading throws tables away where no other reference is held",
            "booting took 20 s without and 2 to 4 min with the TDP MMU where a vCPU kept flipping its role",
            "Jeremi, 2023-04-05; edbdb43fc96b, Linux 6.4; reference 13.6",
            NameOf(typeof(RootToggle<>)),
            [
                Arm(typeof(Workqueue<>), "one vCPU", "--vcpus", "1"), Arm(typeof(Workqueue<>), "two vCPUs", "--vcpus", "2"),
                Arm(typeof(Refcount2<>), "one vCPU", "--vcpus", "1"), Arm(typeof(Mainline<>), "one vCPU", "--vcpus", "1"),
            ],
            [
                new("roots rebuilt per root load", "", (run, _) =>
                    (Counter(run, "roots_rebuilt") ?? 0) / Counter(run, "root_loads")),
                new("toggle p50", "ns", (run, _) => Quantile(run, "toggle", Median)),
            ],
            [
                new("roots rebuilt per root load", $"{Name(typeof(Workqueue<>))}, one vCPU", null, AtLeast: 0.5),
                new("roots rebuilt per root load", $"{Name(typeof(Refcount2<>))}, one vCPU", null, AtMost: 0.01),
                new("roots rebuilt per root load", $"{Name(typeof(Mainline<>))}, one vCPU", null, AtMost: 0.01),
                new("toggle p50", $"{Name(typeof(Workqueue<>))}, one vCPU", $"{Name(typeof(Mainline<>))}, one vCPU", AtLeast: 2),
            ]),

        new("H6", "A zap that yields to faults flushes again and again; a look before the lock ends that",
            "35 unmaps of a VM's boot became 8,625 remote flushes; with the check before mmu_lock they were 35 again",
            "Yan Zhao, 2023-08-14; d02c357e5bfa, Linux 6.8; reference 13.10",
            NameOf(typeof(YieldAmplification<>)),
            [
                Arm(typeof(Mainline<>), "no yield", "--yield", "off", "--memory", "256MiB", "--duration", "1500ms"),
                Arm(typeof(Mainline<>), "yields", "--yield", "contended", "--memory", "256MiB", "--duration", "1500ms"),
                Arm(typeof(Mainline<>), "yields, looks first", "--yield", "contended", "--memory", "256MiB",
                    "--duration", "1500ms", "--pre-check", "on"),
            ],
            [
                new("flushes per unmap", "", (run, _) => Counter(run, "flushes_per_unmap")),
                new("unmap p50", "ns", (run, _) => Quantile(run, "unmap", Median)),
            ],
            [
                new("flushes per unmap", $"{Name(typeof(Mainline<>))}, yields", $"{Name(typeof(Mainline<>))}, no yield",
                    AtLeast: 50),
                new("flushes per unmap", $"{Name(typeof(Mainline<>))}, yields, looks first",
                    $"{Name(typeof(Mainline<>))}, no yield", AtMost: 2),
            ]),

        new("H7", "Ageing under mmu_lock waits for vCPUs and holds them up; without it neither does",
            "8 to 112 vCPUs: a pass took 0.23 to 13.5 s with the lock, 0.06 to 2.3 s without; vCPUs lost 5 to 20 %, and 0 to 5 %",
            "Houghton, v4 cover, 2024-05-29; Linux 6.15; reference 13.7",
            NameOf(typeof(AgeingPasses<>)),
            [
                new(Name(typeof(Mainline<>)), Name(typeof(Mainline<>)), [.. Steady]), Aged(typeof(UnderMmuLock<>)),
                Aged(typeof(Lockless<>)), Aged(typeof(RmapLock<>)),
            ],
            [
                new("pass, mean", "ns", (run, _) =>
                    run.Summary.FirstOrDefault(one => one is { Metric: "age", Count: > 0 })?.Mean),
                new("pass p50", "ns", (run, _) => Quantile(run, "age", Median)),
                new("accesses of all vCPUs", "1/s", (run, _) => Counter(run, "accesses_per_s")),
                new("fault p99", "ns", (run, _) => Quantile(run, "fault", Tail)),
            ],
            [
                new("pass, mean", Label(typeof(UnderMmuLock<>)), Label(typeof(Lockless<>)), AtLeast: 3),
                new("fault p99", Label(typeof(UnderMmuLock<>)), Label(typeof(Lockless<>)), AtLeast: 1.5),
            ]),

        new("H8", "The double put of v3 needs luck: a wider window or another order of the list brings it out",
            "nobody saw it in testing; inserting roots at the tail instead of the head shows it",
            "v3 22/28, 2022-03; reference 3.3 and 3.4",
            NameOf(typeof(RootToggle<>)),
            [
                Arm(typeof(AsyncPut<>), "as posted", "--vcpus", "1"),
                Arm(typeof(AsyncPut<>), "paused", "--vcpus", "1", "--pause", "fast-zap=200us"),
                Arm(typeof(AsyncPut<>), "paused, at the tail", "--vcpus", "1", "--pause", "fast-zap=200us", "--insert", "tail"),
            ],
            [new("runs that went wrong", "", (run, _) => run.Violations.Count > 0 ? 1 : 0)],
            [
                new("runs that went wrong", $"{Name(typeof(AsyncPut<>))}, as posted", null, AtMost: 0.5),
                new("runs that went wrong", $"{Name(typeof(AsyncPut<>))}, paused", null, AtLeast: 0.5),
            ])
        {
            MayBreak = true, Limits = "how often a race is lost depends on the machine; explore finds it on any",
        },
    ];

    private static IEnumerable<string> Steps => ["--memory", "2GiB", "--vcpus", "1", "--duration", "1500ms", "--zap-passes"];

    /// <summary>As many zaps in each arm.</summary>
    private static IEnumerable<string> Zaps => ["--memory", "256MiB", "--rate", "20", "--duration", "1500ms"];

    /// <summary>A pass that waits for faults has a mean of its own only over many.</summary>
    private static IEnumerable<string> Steady => ["--duration", "1500ms"];

    private static string Step(string size) => $"{Name(typeof(Mainline<>))}, {size}";

    /// <summary>By what a step of the pass takes down.</summary>
    private static string SectionOf(ClaimArm arm) => arm.Options[^1] switch
    {
        "fine" => "section.4k",
        "2m" => "section.2m",
        "coarse" => "section.1g",
        _ => "section.root",
    };

    private static ClaimArm Arm(Type roots) => new(Name(roots), Name(roots));

    private static ClaimArm Arm(Type roots, string how, params IReadOnlyList<string> options) =>
        new($"{Name(roots)}, {how}", Name(roots), options);

    private static ClaimArm Aged(Type ageing) => new(Label(ageing), Label(ageing), [.. Steady]);

    private static string Label(Type ageing) => $"{Name(typeof(Mainline<>))}+{Name(ageing)}";

    private static string Name(Type member) => member.GetCustomAttribute<StrategyAttribute>()!.Name;

    private static string NameOf(Type workload) => workload.GetCustomAttribute<WorkloadAttribute>()!.Name;

    private static double? Quantile(RunRecord run, string metric, double p)
    {
        SummaryRow? row = run.Summary.FirstOrDefault(one => one.Metric == metric);
        if (row is null || row.Count == 0) return null;
        return p switch
        {
            Median => row.P50,
            Tail => row.P99,
            _ => row.Max,
        };
    }

    /// <summary>The sum over all actors.</summary>
    private static double? Counter(RunRecord run, string name)
    {
        double[] values = [.. run.Counters.Where(one => one.Counter == name).Select(one => one.Value)];
        return values.Length == 0 ? null : values.Sum();
    }
}
