using Lab.Measure;

namespace Lab.Tests.Measure;

/// <summary>A tree of files that describes a machine, gone after the test.</summary>
internal sealed class FakeMachine : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("lab-machine-").FullName;

    public MachineFiles Files => new(_root);

    /// <summary>A quiet four-core server on bare metal, as a doctor wants it.</summary>
    public static FakeMachine Quiet()
    {
        FakeMachine machine = new FakeMachine().With("/proc/self/status",
            "Name:\tlab\nCapEff:\t0000000000000000\nCpus_allowed_list:\t0-3\n").With("/proc/self/cgroup", "0::/user.slice/lab\n")
            .With("/proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \nMax open "
                + "files            20000                20000                files     \nMax realtime "
                + "priority     49                   49                   \n").With("/proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu constant_tsc nonstop_tsc rdtscp\n").With("/proc/meminfo",
            "MemTotal: 16777216 kB\nMemAvailable: 12582912 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n").With("/proc/mounts",
            "tracefs /sys/kernel/tracing tracefs rw 0 0\n").With("/proc/loadavg", "0.02 0.01 0.00 1/100 1234\n").With(
            "/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n").With("/proc/stat",
            "cpu  100 0 100 800 0 0 0 0 0 0\n").With("/proc/sys/kernel/osrelease", "6.12.0\n").With("/proc/sys/kernel/watchdog",
            "0\n").With("/proc/sys/kernel/sched_rt_runtime_us", "-1\n").With("/proc/sys/kernel/sched_rt_period_us",
            "1000000\n").With("/proc/sys/kernel/perf_event_paranoid", "1\n").With("/dev/cpu_dma_latency",
            "").With("/sys/bus/event_source/devices/cpu/type", "4\n").With("/sys/kernel/tracing/events/kvmmmu/enable",
            "0\n").With("/sys/kernel/mm/transparent_hugepage/enabled",
            "always [madvise] never\n").With("/sys/devices/system/clocksource/clocksource0/current_clocksource",
            "tsc\n").With("/sys/devices/system/cpu/vulnerabilities/spectre_v1",
            "Mitigation: usercopy/swapgs barriers\n").With("/sys/devices/system/cpu/vulnerabilities/mds",
            "Not affected\n").With("/sys/devices/system/cpu/online", "0-3\n").With("/sys/devices/system/cpu/isolated",
            "2-3\n").With("/sys/devices/system/cpu/nohz_full", "2-3\n").With("/sys/devices/system/cpu/smt/active",
            "0\n").With("/sys/devices/system/cpu/smt/control", "off\n").With("/sys/devices/system/cpu/intel_pstate/no_turbo",
            "1\n").With("/sys/devices/system/cpu/cpuidle/current_driver", "intel_idle\n").With(
            "/sys/devices/system/cpu/cpu0/cpuidle/state0/latency", "0\n").With("/sys/module/kvm/parameters/tdp_mmu",
            "Y\n").With("/sys/module/kvm_intel/parameters/ept", "Y\n").With("/sys/fs/cgroup/cgroup.procs", "1\n");
        for (int cpu = 0; cpu < 4; cpu++)
        {
            machine.With($"/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor", "performance\n")
                .With($"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", $"{cpu}\n");
        }
        return machine;
    }

    public FakeMachine With(string path, string text)
    {
        string at = Files.At(path);
        Directory.CreateDirectory(Path.GetDirectoryName(at)!);
        File.WriteAllText(at, text);
        return this;
    }

    public FakeMachine Without(string path)
    {
        if (Directory.Exists(Files.At(path))) Directory.Delete(Files.At(path), recursive: true);
        else File.Delete(Files.At(path));
        return this;
    }

    public MachineFact Fact(string name, string? earlierStat = null) =>
        DoctorFacts.Read(Files, clock: null, earlierStat).Single(fact => fact.Name == name);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
