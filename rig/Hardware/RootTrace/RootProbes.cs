using System.Globalization;

namespace Lab.Hardware;

/// <summary>Probes on the functions of KVM's TDP MMU that handle roots, under the names that traces have: put, zap, get, inval,
/// flush, flushed, rcufree. Function probes whose fields the kernel finds by name (6.6 and later), else kprobes at offsets that
/// the kernel's own description of its types gives. Made and removed by one thread; they belong to the kernel as a whole, and
/// stay if the process is killed.</summary>
internal sealed class RootProbes : IDisposable
{
    public const string Group = "labroots";

    /// <summary>Arguments of a function, in order (System V ABI).</summary>
    private static readonly string[] Registers = ["%di", "%si", "%dx", "%cx", "%r8", "%r9"];

    /// <summary>Which function, of the names that it had: the first that the kernel has.</summary>
    /// <param name="Event">Name in the trace.</param>
    /// <param name="Names">Of the function, newest last.</param>
    /// <param name="OnReturn">When it returns, not when it begins.</param>
    /// <param name="Fields">What to record of its arguments, as far as it has them.</param>
    private sealed record Wanted(string Event, string[] Names, bool OnReturn = false, params string[] Fields);

    private static readonly Wanted[] All =
    [
        new("put", ["kvm_tdp_mmu_put_root"], false, "root", "shared"),
        new("zap", ["__tdp_mmu_zap_root", "tdp_mmu_zap_root"], false, "root", "zap_level"),
        new("get", ["kvm_tdp_mmu_get_vcpu_root_hpa", "kvm_tdp_mmu_alloc_root"], true),
        new("inval", ["kvm_tdp_mmu_invalidate_all_roots", "kvm_tdp_mmu_invalidate_roots"]),
        new("flush", ["kvm_tdp_mmu_zap_invalidated_roots"]),
        new("flushed", ["kvm_tdp_mmu_zap_invalidated_roots"], true),
        new("rcufree", ["tdp_mmu_free_sp_rcu_callback"]),
    ];

    private readonly string _definitions;
    private readonly List<string> _made = [];

    private RootProbes(string definitions) => _definitions = definitions;

    /// <summary>Events that there are, by the names of traces.</summary>
    public IReadOnlyList<string> Made => _made;

    /// <summary>What a kernel without it does not show, a sentence each.</summary>
    public List<string> Notes { get; } = [];

    /// <param name="tracing">Where tracefs is mounted.</param>
    /// <exception cref="HardwareUnavailableException">This kernel cannot be probed so; the message says why.</exception>
    public static RootProbes Make(string tracing)
    {
        BtfTypes types;
        HashSet<string> functions;
        try
        {
            types = BtfTypes.Read("/sys/kernel/btf", "kvm");
            functions = [.. File.ReadLines("/proc/kallsyms").Where(line => line.EndsWith("[kvm]", StringComparison.Ordinal)
                || line.Contains("tdp_mmu", StringComparison.Ordinal)).Select(line => line.Split(' ', '\t')[2])];
        }
        catch (IOException error)
        {
            throw new HardwareUnavailableException($"Roots cannot be traced: {error.Message.TrimEnd('.')}; boot a kernel with "
                + "CONFIG_DEBUG_INFO_BTF and CONFIG_KPROBE_EVENTS.", error);
        }
        if (types.Place("kvm_mmu_page", "role", "invalid") is null)
        {
            throw new HardwareUnavailableException("Roots cannot be traced: KVM does not describe its types here; build it with "
                + "CONFIG_DEBUG_INFO_BTF_MODULES and pahole, or vmlinux beside it.");
        }
        RootProbes probes = new(Path.Combine(tracing, "dynamic_events"));
        probes.RemoveAll();
        try
        {
            bool hasFunctionProbes = File.ReadAllText(Path.Combine(tracing, "README")).Contains("f[:", StringComparison.Ordinal);
            foreach (Wanted wanted in All) probes.Add(wanted, types, functions, hasFunctionProbes);
            if (probes._made.Contains("put") && probes._made.Contains("zap")) return probes;
            throw new HardwareUnavailableException("Roots cannot be traced: this kernel has no kvm_tdp_mmu_put_root and "
                + $"tdp_mmu_zap_root that can be probed ({string.Join(" ", probes.Notes)}); is its TDP MMU on?");
        }
        catch
        {
            probes.Dispose();
            throw;
        }
    }

    public void Dispose() => RemoveAll();

    private void Add(Wanted wanted, BtfTypes types, HashSet<string> functions, bool hasFunctionProbes)
    {
        if (wanted.Names.LastOrDefault(functions.Contains) is not { } function)
        {
            Notes.Add($"{wanted.Event}: this kernel has no function {string.Join(" or ", wanted.Names)} that was not inlined.");
            return;
        }
        string? refused = hasFunctionProbes ? Write(ByName(wanted, function, types)) : "none";
        if (refused is not null) refused = Write(ByPlace(wanted, function, types));
        if (refused is null) _made.Add(wanted.Event);
        else Notes.Add($"{wanted.Event}: the kernel refused a probe on {function} ({refused}).");
    }

    /// <summary>The kernel looks up arguments and fields by their names.</summary>
    private static string ByName(Wanted wanted, string function, BtfTypes types)
    {
        IReadOnlyList<string> parameters = types.Parameters(function) ?? [];
        string[] fields = [.. wanted.Fields.Where(parameters.Contains).SelectMany(field => field switch
        {
            "root" => (string[])["root=root:x64", "ref=root->tdp_mmu_root_count.refs.counter:u32", "inv=root->role.invalid"],
            "zap_level" => ["level=zap_level:u32"],
            _ => [$"{field}={field}:u8"],
        })];
        return $"f:{Group}/{wanted.Event} {function}{(wanted.OnReturn ? "%return" : "")} {string.Join(' ', fields)}".TrimEnd();
    }

    /// <summary>The same by registers and offsets.</summary>
    private static string ByPlace(Wanted wanted, string function, BtfTypes types)
    {
        if (wanted.OnReturn)
        {
            // Physical address of the root's table; later kernels return whether it could be made.
            string value = function == "kvm_tdp_mmu_get_vcpu_root_hpa" ? " hpa=$retval:x64" : "";
            return $"r:{Group}/{wanted.Event} {function}{value}";
        }
        IReadOnlyList<string> parameters = types.Parameters(function) ?? [];
        List<string> fields = [];
        foreach (string field in wanted.Fields)
        {
            int index = parameters.ToList().IndexOf(field);
            if (index < 0) continue;
            string register = Registers[index];
            if (field != "root")
            {
                fields.Add(field == "zap_level" ? $"level={register}:u32" : $"{field}={register}:u8");
                continue;
            }
            fields.Add($"root={register}:x64");
            FieldPlace count = types.Place("kvm_mmu_page", "tdp_mmu_root_count", "refs", "counter")!.Value;
            FieldPlace bit = types.Place("kvm_mmu_page", "role", "invalid")!.Value;
            fields.Add(string.Create(CultureInfo.InvariantCulture, $"ref=+{count.Offset}({register}):u32"));
            fields.Add(string.Create(CultureInfo.InvariantCulture, $"inv=+{bit.Offset}({register}):b{bit.Bits}@{bit.Bit}/32"));
        }
        return $"p:{Group}/{wanted.Event} {function} {string.Join(' ', fields)}".TrimEnd();
    }

    /// <summary>Null if the kernel took it.</summary>
    private string? Write(string definition)
    {
        try
        {
            Append(definition);
            return null;
        }
        catch (IOException error)
        {
            return error.Message.TrimEnd('.');
        }
    }

    private void Append(string definition)
    {
        using FileStream stream = new(_definitions, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes($"{definition}\n"));
    }

    private void RemoveAll()
    {
        foreach (string line in File.ReadAllLines(_definitions))
        {
            if (!line.Contains($":{Group}/", StringComparison.Ordinal)) continue;
            // p:group/event place fields; to remove it, -:group/event.
            string name = line.Split(' ')[0];
            _ = Write($"-{name[name.IndexOf(':', StringComparison.Ordinal)..]}");
        }
        _made.Clear();
    }
}
