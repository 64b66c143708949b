namespace Lab.Application.Guests;

/// <summary>Whether this host's KVM lets a guest have virtualization of its own.</summary>
internal static class NestedKvm
{
    private const string Device = "/dev/kvm";

    /// <summary>Why a guest cannot be nested, as the end of a sentence; null if it may be tried.</summary>
    public static string? WhyNot()
    {
        if (!File.Exists(Device)) return $"there is no {Device}";
        try
        {
            using FileStream device = new(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return $"{Device} cannot be opened by this user";
        }
        foreach (string vendor in (string[])["kvm_intel", "kvm_amd"])
        {
            string parameter = $"/sys/module/{vendor}/parameters/nested";
            if (!File.Exists(parameter)) continue;
            return File.ReadAllText(parameter).Trim() is "1" or "Y" ? null : $"{vendor} was loaded with nested=0";
        }
        return "this host's KVM has no virtualization for guests to use";
    }
}
