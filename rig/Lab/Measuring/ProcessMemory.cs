using System.Globalization;

namespace Lab.Application.Measuring;

/// <summary>Memory of this process: page tables, recorders and runtime together.</summary>
public static class ProcessMemory
{
    /// <summary>Most bytes ever resident (VmHWM); null where the kernel does not say.</summary>
    public static long? ResidentBytesMax()
    {
        const string field = "VmHWM:";
        try
        {
            foreach (string line in File.ReadLines("/proc/self/status"))
            {
                if (!line.StartsWith(field, StringComparison.Ordinal)) continue;
                return long.Parse(line.AsSpan(field.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) << 10;
            }
        }
        catch (IOException)
        {
            // No proc file system: the number is left out.
        }
        return null;
    }
}
