/// What an exported program may call.
enum ExportedOperators {
    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    /// Judges a target: `torch.ops.aten.add.Tensor`, `_operator.mul`.
    static func judge(_ target: String) -> ScanVerdict {
        let parts = target.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(isName) else { return .notProven }
        switch (parts[0], parts.count) {
        case ("_operator", 2): return operators.contains(parts[1]) ? .proven : .notProven
        case ("math", 2): return functions.contains(parts[1]) ? .proven : .notProven
        case ("torch", 2): return sizes.contains(parts[1]) ? .proven : hostile(parts)
        case ("torch", 4) where parts[1] == "ops" && parts[2] == "higher_order":
            return positions[parts[3]] == nil ? hostile(parts) : .proven
        case ("torch", 5) where parts[1] == "ops": break
        default: return hostile(parts)
        }
        guard isKnown(overload: parts[4]), !isPythons(parts[3]) else { return hostile(parts) }
        switch parts[2] {
        case "aten":
            if TorchScriptNames.hostile.contains(parts[3]) { return .unsafe }
            if aten.contains(parts[3]) { return .proven }
            return TorchScriptNames.judge(["ops", "aten", parts[3]], isMethod: false)
        case "quantized_decomposed": return quantized.contains(parts[3]) ? .proven : hostile(parts)
        case "torchvision": return TorchScriptNames.judge(["ops", "torchvision", parts[3]], isMethod: false)
        default: return hostile(parts)
        }
    }

    /// Judges an operator that is an argument, which whoever gets it may call: only a whole name, with its overload.
    static func judge(argument target: String) -> ScanVerdict {
        let verdict = judge(target)
        return verdict == .proven && target.utf8.count(where: { $0 == UInt8(ascii: ".") }) != 4 ? .notProven : verdict
    }

    /// Which arguments a target calls; nil where it calls none.
    static func called(by target: String) -> [Int]? {
        let prefix = "torch.ops.higher_order."
        return target.hasPrefix(prefix) ? positions[String(target.dropFirst(prefix.count))] : nil
    }

    /// Overloads are looked up as attributes, so that what is on no list may be any method of Python's.
    private static func isKnown(overload: String) -> Bool { overloads.contains(overload) }

    /// Whether a name is one of Python's own, and no operator's.
    private static func isPythons(_ name: String) -> Bool {
        name.hasPrefix("__") && !["__and__", "__or__", "__xor__", "__lshift__", "__rshift__"].contains(name)
    }

    private static func hostile(_ parts: [String]) -> ScanVerdict {
        parts.contains(where: TorchScriptNames.hostile.contains) || parts.contains("hub") ? .unsafe : .notProven
    }

    private static func isName(_ part: String) -> Bool {
        !part.isEmpty && part.utf8.count < 100
            && part.utf8.allSatisfy {
                0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "_")
            }
    }

    /// Of Python's `operator`: none that calls, or looks up what a text names.
    private static let operators = words(
        "add sub mul floordiv truediv mod neg pos abs eq ne lt le gt ge and_ or_ xor not_ invert lshift rshift getitem pow"
    )
    private static let functions = words("ceil floor trunc sqrt log log2 exp sin cos tan tanh")
    private static let sizes = words(
        "sym_max sym_min sym_int sym_float sym_not sym_ite sym_sum _sym_sqrt _sym_log2"
    )
    /// Of operators that call what they get: which of their arguments those are.
    private static let positions = [
        "cond": [1, 2], "while_loop": [0, 1], "wrap_with_set_grad_enabled": [1], "wrap_with_autocast": [4],
    ]
    private static let quantized = words(
        """
        choose_qparams choose_qparams_per_token choose_qparams_per_token_asymmetric choose_qparams_symmetric \
        convert_element_type dequantize_per_channel dequantize_per_channel_group dequantize_per_tensor \
        dequantize_per_token fake_quant_per_channel quantize_per_channel quantize_per_channel_group \
        quantize_per_tensor quantize_per_token
        """
    )

    /// Names of overloads that PyTorch's operators have, and no attribute of a Python object has.
    private static let overloads = words(
        """
        IntList IntList_out KN L List List_out OutScalar_Other OutScalar_Self OutTensor Q Scalar ScalarAndTensor \
        ScalarList ScalarList_out ScalarOpt_dim ScalarOpt_dim_dtype ScalarOpt_dim_dtype_out ScalarOpt_dtype \
        ScalarOpt_dtype_out ScalarOther ScalarSelf Scalar_Other Scalar_Scalar Scalar_Self Scalar_Tensor \
        Scalar_Tensor_out Scalar_mode Scalar_mode_out Scalar_out Sequence Tensor TensorList TensorList_bins \
        Tensor_Scalar Tensor_Scalar_out Tensor_Tensor Tensor_Tensor_out Tensor_bool Tensor_float Tensor_float_out \
        Tensor_generator Tensor_generator_out Tensor_hacked_twin Tensor_int Tensor_list Tensor_mode Tensor_out U X a \
        all_out any array atol_rtol_float atol_rtol_float_out atol_rtol_tensor atol_rtol_tensor_out b beta beta_out \
        bin_ct bin_ct_out bins_tensor bins_tensor_out bool bool_Tensor bool_bool bool_float bool_int bool_list \
        ccol_row_value ccol_row_value_size center comp_plain_value comp_plain_value_size complex complex_complex \
        complex_float complex_int correction correction_out crow_col_value crow_col_value_size data data_legacy \
        decimals decimals_out default default_Tensor default_bool default_complex default_float default_int default_str \
        deprecated device dim dim_IntList dim_IntList_out dim_dtype dim_dtype_out dim_int dim_max dim_min dim_out \
        dim_values dims dims_out dtype dtype_layout dtype_out dx eigenvalues eigvals float float_Tensor \
        float_Tensor_out float_bool float_complex float_float float_float_out float_int float_list float_out from \
        from_out fullcoverage fullcoverage_out generator generator_out generic grad_input hacked_twin indexing indices \
        indices_size input input_legacy int int_Scalar int_Scalar_out int_Tensor int_Tensor_out int_bins int_bool \
        int_complex int_float int_int int_list int_out int_to_int intlist inverse left_t list list_Tensor list_bool \
        list_float list_int list_str low low_dtype low_dtype_out low_generator low_generator_dtype \
        low_generator_dtype_out low_generator_out low_out m m_out memory_format msg n_scalar n_scalar_out no_stats \
        no_stats_out ntonly ord_str ord_str_out other other_scalar other_scalar_out out out_ out_mode out_rcond_tensor \
        out_tol_tensor output output_mask output_mask_out p p_str p_str_out padding padding_idx periodic periodic_alpha \
        periodic_alpha_beta periodic_alpha_beta_out periodic_alpha_out periodic_out prim_Device prim_dtype prim_other \
        quantized rcond_tensor reduce reduce_out result right_ scalar scalar_out scalararray scalarint scalarrayarray \
        scalarrayint scale_list sections self self_Tensor self_int self_out self_scalar self_scalar_out sign size \
        size_list size_list_scale_list size_out sizes sparse_dim sparse_dim_out src src_out stable stable_out start \
        start_out start_step step str str_list str_ord str_ord_out sublist t tensor tensor_indices_or_sections \
        tensor_lr tensor_lr_out tensor_qparams tensor_qparams_out tensorarray tensorarrayint tensors tensors_out to \
        to_out tol_tensor two two_out unary_out using_ints value value_out value_reduce value_reduce_out values \
        values_stable vec vec_out with_index x x_scalar x_scalar_out \
        tensor2 no_fuse
        """
    )

    /// Operators that exported programs have and TorchScript's code does not.
    private static let aten = words(
        """
        _adaptive_avg_pool2d _adaptive_avg_pool3d _assert_async _assert_scalar _assert_tensor_metadata _cdist_forward _embedding_bag \
        _fft_c2c _fft_c2r _fft_r2c _local_scalar_dense _native_batch_norm_legit _native_batch_norm_legit_no_training \
        _native_batch_norm_legit_functional _pdist_forward _safe_softmax _scaled_dot_product_flash_attention \
        _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention _to_copy _trilinear _unsafe_view \
        _unsafe_index _unsafe_index_put _conj _neg_view _reshape_alias _fused_rms_norm _euclidean_dist avg_pool1d alias alias_copy \
        any cudnn_batch_norm convolution_overrideable embedding_renorm erfinv expand_copy fmax fmin glu lift_fresh lift_fresh_copy \
        linalg_lu_factor linalg_pinv log_sigmoid_forward max_pool2d_with_indices max_pool3d_with_indices nll_loss_forward \
        nll_loss2d_forward native_dropout native_group_norm native_instance_norm new_empty_strided rsqrt_ select_copy slice_copy \
        split_copy split_with_sizes_copy squeeze_copy sym_constrain_range sym_constrain_range_for_size sym_numel sym_size \
        sym_storage_offset sym_stride sym_is_contiguous t_copy transpose_copy unbind_copy unsqueeze_copy upsample_nearest2d_vec \
        view_copy permute_copy detach_copy numpy_T matrix_H mH mT adjoint grid_sampler_2d index_put linear_backward scatter_reduce_ \
        multi_head_attention_forward special_log_softmax special_softmax special_erf nonzero_static bitwise_left_shift \
        bitwise_right_shift logical_and_ logical_or_ exponential_ uniform_ uniform addmv_ addmm_ baddbmm_ exp_ sqrt_ rsqrt neg_ round_ \
        floor_ ceil_ abs_ masked_scatter_ clamp_min_ clamp_max_ leaky_relu_ softplus_ mish_ gelu_ swiglu isnan_ _grouped_mm _softmax_backward_data add_ \
        hann_window linalg_inv_ex _linalg_check_errors
        """
    )
}
