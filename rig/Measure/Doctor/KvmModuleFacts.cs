namespace Lab.Measure;

/// <summary>Which of its MMUs KVM uses for guests here, by the parameters of its modules; the device itself is opened
/// elsewhere.</summary>
internal static class KvmModuleFacts
{
    private const string Group = "kvm";

    private static readonly string[] Shown = ["tdp_mmu", "eager_page_split", "halt_poll_ns", "nx_huge_pages"];

    public static IEnumerable<MachineFact> Read(MachineFiles files)
    {
        yield return Mmu(files);
        string[] parameters = [.. Shown.Select(name => (name, Value: files.ReadLine($"/sys/module/kvm/parameters/{name}")))
            .Where(one => one.Value is not null).Select(one => $"{one.name}={one.Value}")];
        if (parameters.Length == 0) yield break;
        yield return new(Group, "kvm_parameters", string.Join(" ", parameters), FactState.Good,
            "They change what a zap and a refault cost: compare only runs with the same ones.");
    }

    private static MachineFact Mmu(MachineFiles files)
    {
        if (!files.Exists("/sys/module/kvm")) return new(Group, "kvm_mmu", "no kvm module", FactState.Unknown,
            "--mmu kvm measures nothing here unless KVM is built in.", "sudo modprobe kvm_intel (or kvm_amd)");
        bool tdp = IsOn(files, "/sys/module/kvm_intel/parameters/ept") || IsOn(files, "/sys/module/kvm_amd/parameters/npt");
        bool tdpMmu = IsOn(files, "/sys/module/kvm/parameters/tdp_mmu");
        if (tdp && tdpMmu) return new(Group, "kvm_mmu", "tdp", FactState.Good,
            "Two-dimensional paging and the TDP MMU, the code that the lab models.");
        if (tdp) return new(Group, "kvm_mmu", "tdp, legacy", FactState.Fair,
            "Two-dimensional paging in the shadow MMU's code: zaps take mmu_lock exclusive.", "reload kvm with tdp_mmu=Y");
        string vendor = files.Exists("/sys/module/kvm_pvm") ? " (kvm_pvm)" : "";
        return new(Group, "kvm_mmu", $"shadow{vendor}", FactState.Fair, "--mmu kvm measures shadow paging: its costs differ from "
            + "the TDP MMU's.", "measure where kvm_intel has ept=Y or kvm_amd npt=Y");
    }

    private static bool IsOn(MachineFiles files, string parameter) => files.ReadLine(parameter) is "Y" or "1";
}
